"""Messages for people about errors of the S3 store."""

from xml.etree import ElementTree

from minio.error import MinioException, S3Error
from urllib3.exceptions import MaxRetryError, ReadTimeoutError, SSLError

from callcenter.settings import S3Settings

WRONG_KEYS = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed")


def explain(settings: S3Settings, error: Exception, read_s: float) -> str:
    """What went wrong and how to fix it. `read_s`: how long an answer was waited for."""
    endpoint, bucket = settings.endpoint, settings.bucket
    cause = error.reason if isinstance(error, MaxRetryError) and error.reason is not None else error
    match cause:
        case S3Error(code=code) if code in WRONG_KEYS:
            return (
                f"the S3 store at {endpoint} refuses our keys ({code}): fix CALLCENTER_S3__ACCESS_KEY and "
                f"CALLCENTER_S3__SECRET_KEY, and give that account permission to read and write bucket {bucket}"
            )
        case S3Error(code="RequestTimeTooSkewed"):
            return f"the clocks here and at {endpoint} differ by more than 15 minutes: set both by NTP"
        case S3Error(code="NoSuchBucket"):
            return no_bucket(settings)
        case S3Error(code="NoSuchKey" | "NoSuchVersion"):
            return f"object {cause.object_name} is not in bucket {bucket} of the S3 store at {endpoint}"
        case S3Error(code="InternalError") if settings.encryption != "none":
            return (
                f"the S3 store at {endpoint} answered {cause.code}: {cause.message}; if it cannot encrypt, set "
                "CALLCENTER_S3__ENCRYPTION=none (SeaweedFS wants WEED_S3_SSE_KEY), else see its log"
            )
        case S3Error():
            return f"the S3 store at {endpoint} answered {cause.code}: {cause.message}; see its log"
        case ReadTimeoutError():
            return silent(settings, read_s)
        case SSLError():
            return (
                f"no https with the S3 store at {endpoint} ({cause}): set CALLCENTER_S3__SECURE=false if it "
                "speaks plain http; if its certificate is of an authority of your own, name that in CALLCENTER_S3__CA_FILE"
            )
        case MinioException() | ElementTree.ParseError():
            return f"what answers at {endpoint} is not an S3 store ({cause}): fix CALLCENTER_S3__ENDPOINT"
    return f"no S3 store can be reached at {endpoint}: start it, or fix CALLCENTER_S3__ENDPOINT ({cause})"


def no_bucket(settings: S3Settings) -> str:
    """There is no such bucket."""
    return f"bucket {settings.bucket} does not exist at {settings.endpoint}: make it (`callcenter make-bucket`)"


def silent(settings: S3Settings, seconds: float) -> str:
    """It did not answer in time."""
    return f"the S3 store at {settings.endpoint} did not answer within {seconds:g} s: check its load and its log"
