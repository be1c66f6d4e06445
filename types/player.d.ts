/** What the player's script works with, in callcenter/listening/player_pages.py. Seconds from the beginning of the recording. */
export interface PlayerPage {
  recording: number;
  listening: number | null;
  duration: number | null;
  drawn: boolean;
  channels: number | null;
  pauses: Stretch[];
  marks: { id: number; at: number; comment: string }[];
  texts: Record<string, string>;
}

export interface Stretch {
  from: number;
  until: number;
}
