/** The library as the set-up bundles it (`build` in package.json): its one export has by name what the library exports. */
import * as JsSIP from "jssip";
export default JsSIP;
