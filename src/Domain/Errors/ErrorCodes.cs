using System.Collections.Frozen;
using System.Reflection;

namespace VisionPlatform.Domain.Errors;

/// <summary>Every failure the product knows, used by API, orchestrations, trainers and console alike.</summary>
public static class ErrorCodes
{
    // Requests
    public static readonly ErrorCode MalformedJson = User(400, "MALFORMED_JSON", "The body is not valid JSON.", "Send a JSON document with the content type application/json.", TrainerUse.InternalReply);
    public static readonly ErrorCode InvalidParameter = User(400, "INVALID_PARAMETER", "A query parameter or header is not valid.", "Correct what is named in errors; /api/v1/docs says what each takes.");
    public static readonly ErrorCode InvalidCursor = User(400, "INVALID_CURSOR", "The cursor is not one this list gave out.", "Start again without a cursor.");
    public static readonly ErrorCode BodyTooLarge = User(413, "BODY_TOO_LARGE", "The body is larger than this endpoint takes.", "Send less at once.", TrainerUse.Reply);
    public static readonly ErrorCode UnsupportedMediaType = User(415, "UNSUPPORTED_MEDIA_TYPE", "This endpoint does not take this content type.", "Send application/json.");
    public static readonly ErrorCode ValidationFailed = User(422, "VALIDATION_FAILED", "Some fields are not valid.", "Correct the fields named in errors and send again.");
    public static readonly ErrorCode NotFound = User(404, "NOT_FOUND", "There is no such thing, or you may not see it.", "Check the address, and that you are a member of the project.", TrainerUse.InternalReply);
    public static readonly ErrorCode MethodNotAllowed = User(405, "METHOD_NOT_ALLOWED", "This address does not take this method.", "See /api/v1/openapi.json for the methods it takes.");
    public static readonly ErrorCode DuplicateName = User(409, "DUPLICATE_NAME", "The name is taken.", "Choose another name.");
    public static readonly ErrorCode InvalidState = User(409, "INVALID_STATE", "That cannot be done in the present state.", "Read the current state first.");
    public static readonly ErrorCode ChangedMeanwhile = User(409, "CHANGED_MEANWHILE", "Somebody else changed it at the same moment.", "Read it again and repeat the change.");
    public static readonly ErrorCode PreconditionFailed = User(412, "PRECONDITION_FAILED", "It is no longer the version named in If-Match.", "Read it again, and repeat the change with the version in currentVersion.");
    public static readonly ErrorCode IdempotencyKeyReused = User(422, "IDEMPOTENCY_KEY_REUSED", "The Idempotency-Key was used for another request.", "Use a new key for each new request.");
    public static readonly ErrorCode RequestInProgress = Transient(409, "REQUEST_IN_PROGRESS", "A request with this Idempotency-Key is under way.", "Send it again in a moment; the answer will be the same.");
    public static readonly ErrorCode RateLimited = Transient(429, "RATE_LIMITED", "Too many requests.", "Wait as long as Retry-After says; the RateLimit headers tell what is left.");
    public static readonly ErrorCode Internal = Permanent(500, "INTERNAL_ERROR", "Something went wrong on our side.", "Tell an operator the trace id.", TrainerUse.InternalReply);
    public static readonly ErrorCode Cancelled = User(499, "REQUEST_CANCELLED", "The caller went away.", "Send the request again.");

    // Accounts
    public static readonly ErrorCode Unauthenticated = User(401, "UNAUTHENTICATED", "Sign in first.", "Send a valid access token in the Authorization header.");
    public static readonly ErrorCode TokenExpired = User(401, "TOKEN_EXPIRED", "The access token has expired.", "Get a new one with the refresh token.");
    public static readonly ErrorCode InvalidCredentials = User(401, "INVALID_CREDENTIALS", "E-mail and password do not match.", "Check both and try again.");
    public static readonly ErrorCode InvalidRefreshToken = User(401, "INVALID_REFRESH_TOKEN", "The refresh token is not valid any more.", "Sign in again.");
    public static readonly ErrorCode TooManyAttempts = User(429, "TOO_MANY_ATTEMPTS", "Too many failed attempts.", "Wait and try again.");
    public static readonly ErrorCode PasswordChangeRequired = User(403, "PASSWORD_CHANGE_REQUIRED", "The one-time password has to be changed first.", "PUT /api/v1/auth/password.");
    public static readonly ErrorCode WeakPassword = User(422, "WEAK_PASSWORD", "The password is too easy to guess.", "Use at least 12 characters that are not a common password.");
    public static readonly ErrorCode InvalidLink = User(422, "INVALID_LINK", "The link is not valid any more.", "Ask for a new one.");
    public static readonly ErrorCode SignUpClosed = User(403, "SIGN_UP_CLOSED", "Nobody can sign up here.", "Ask an administrator for an account.");
    public static readonly ErrorCode InvitationRequired = User(403, "INVITATION_REQUIRED", "Signing up takes an invitation.", "Ask somebody here to invite you.");
    public static readonly ErrorCode InvalidClient = User(401, "INVALID_CLIENT", "The service is unknown or its secret is wrong.", "Check the client id and secret.");
    public static readonly ErrorCode Forbidden = User(403, "FORBIDDEN", "You may not do that.", "Ask an owner of the project or an administrator for the permission named.");
    public static readonly ErrorCode QuotaExceeded = User(403, "QUOTA_EXCEEDED", "A limit is reached.", "See quota for the limit. Delete what you no longer need, wait for what still runs, or ask an administrator for more.");
    public static readonly ErrorCode AlreadyMember = User(409, "ALREADY_MEMBER", "The person is a member already.", "Change the role of the member instead.");
    public static readonly ErrorCode OwnerStays = User(409, "OWNER_STAYS", "A project always has its owner.", "Transfer the project to another member first.");
    public static readonly ErrorCode OwnsProjects = User(409, "OWNS_PROJECTS", "The account still owns projects.", "Give its projects to somebody else, or delete them, first.");
    public static readonly ErrorCode LastAdministrator = User(409, "LAST_ADMINISTRATOR", "This is the last active administrator.", "Make somebody else an administrator first.");
    public static readonly ErrorCode OwnAccount = User(409, "OWN_ACCOUNT", "That cannot be done to one's own account.", "Ask another administrator.");
    public static readonly ErrorCode EmailTaken = User(409, "EMAIL_TAKEN", "Another account has this e-mail address.", "Choose another address.");
    public static readonly ErrorCode OtherOrganization = User(409, "OTHER_ORGANIZATION", "The person belongs to another organization.", "An administrator has to take them out of it first.");
    public static readonly ErrorCode OrganizationNotEmpty = User(409, "ORGANIZATION_NOT_EMPTY", "People still belong to the organization.", "Take them out of it first.");
    public static readonly ErrorCode AlreadyInvited = User(409, "ALREADY_INVITED", "The person is invited already.", "Resend or cancel the invitation there is.");
    public static readonly ErrorCode InvitationInvalid = User(404, "INVITATION_INVALID", "The invitation is not valid.", "Use the newest mail, or ask for a new invitation.");
    public static readonly ErrorCode InvitationExpired = User(410, "INVITATION_EXPIRED", "The time of the invitation is over.", "Ask for a new invitation.");
    public static readonly ErrorCode InvitationForAnother = User(403, "INVITATION_FOR_ANOTHER", "The invitation is for another e-mail address.", "Sign in with the account of the address it was sent to, or sign up with it.");

    // Datasets
    public static readonly ErrorCode InvalidPath = User(422, "INVALID_PATH", "The path is not a plain relative path.", "Use forward slashes and no '..', drive letters or control characters.");
    public static readonly ErrorCode DuplicateImage = User(409, "DUPLICATE_IMAGE", "The dataset already has an image of that path.", "Rename it, or upload with onDuplicate=skip.");
    public static readonly ErrorCode UploadNotFound = User(422, "UPLOAD_NOT_FOUND", "Nothing was uploaded for this.", "PUT the file to the upload URL before completing, or ask for a new URL.");
    public static readonly ErrorCode SizeMismatch = User(422, "SIZE_MISMATCH", "The uploaded file has another size than announced.", "Ask for a new upload URL and send the whole file.");
    public static readonly ErrorCode NotAnImage = User(422, "NOT_AN_IMAGE", "The file is not an image of a supported type.", "Upload JPEG, PNG, GIF, BMP, WebP or TIFF.");
    public static readonly ErrorCode ImageTruncated = User(422, "IMAGE_TRUNCATED", "The image is cut short or damaged.", "Upload the whole file again.");
    public static readonly ErrorCode ImageTooLarge = User(422, "IMAGE_TOO_LARGE", "The image is larger than allowed.", "Scale it down.");
    public static readonly ErrorCode DatasetEmpty = User(422, "DATASET_EMPTY", "The dataset has no images.", "Upload images first.");
    public static readonly ErrorCode DatasetSingleClass = User(422, "DATASET_SINGLE_CLASS", "The dataset has a single class.", "Classification needs images of at least two classes.");
    public static readonly ErrorCode DatasetDeleted = User(409, "DATASET_DELETED", "The dataset was deleted.", "Choose another dataset.");
    public static readonly ErrorCode DatasetVersionNotReady = User(409, "DATASET_VERSION_NOT_READY", "The dataset version is still being published, or failed to be.", "Wait until it is ready, or publish again.");

    // Training, exports, deployments
    public static readonly ErrorCode UnknownFramework = User(422, "UNKNOWN_FRAMEWORK", "No trainer offers this framework.", "See GET /api/v1/training/capabilities.");
    public static readonly ErrorCode UnknownModel = User(422, "UNKNOWN_MODEL", "The trainer does not know this model.", "See GET /api/v1/training/capabilities.", TrainerUse.Reply);
    public static readonly ErrorCode InvalidConfig = User(422, "INVALID_CONFIG", "The training configuration is not valid.", "Correct the field named; the schema is in GET /api/v1/training/capabilities.", TrainerUse.Failure | TrainerUse.Reply);
    public static readonly ErrorCode UnknownExportFormat = User(422, "UNKNOWN_EXPORT_FORMAT", "The trainer cannot export this format.", "See GET /api/v1/training/capabilities.", TrainerUse.Reply);
    public static readonly ErrorCode TrainerUnavailable = Transient(503, "TRAINER_UNAVAILABLE", "The trainer does not answer.", "Try again in a moment; if it stays, an operator should look at the trainer.");
    public static readonly ErrorCode TrainerSilent = Transient(503, "TRAINER_SILENT", "The trainer stopped sending heartbeats.", "The next attempt starts from the last checkpoint.");
    public static readonly ErrorCode TrainerCrashed = Transient(503, "TRAINER_CRASHED", "The training process ended without a result.", "The next attempt starts from the last checkpoint.", TrainerUse.Failure);
    public static readonly ErrorCode TrainerBusy = Transient(503, "TRAINER_BUSY", "The trainer has no free slot.", "The job waits for one.", TrainerUse.Reply);
    public static readonly ErrorCode TrainerProtocol = Permanent(502, "TRAINER_PROTOCOL_ERROR", "The trainer answered something the protocol does not know.", "Update the trainer.");
    public static readonly ErrorCode DatasetInvalid = User(422, "DATASET_INVALID", "The dataset cannot be trained on.", "See the message; mend the dataset and publish a new version.", TrainerUse.Failure);
    public static readonly ErrorCode DatasetChecksumMismatch = Permanent(502, "DATASET_CHECKSUM_MISMATCH", "An image is not what the dataset version pins.", "Check the object store's integrity.", TrainerUse.Failure);
    public static readonly ErrorCode CheckpointInvalid = Permanent(422, "CHECKPOINT_INVALID", "The checkpoint cannot be loaded.", "Start a new job.", TrainerUse.Failure);
    public static readonly ErrorCode OutOfMemory = User(422, "OUT_OF_MEMORY", "The training ran out of memory.", "Use a smaller batch size, image size or model.", TrainerUse.Failure);
    public static readonly ErrorCode NetworkError = Transient(503, "NETWORK_ERROR", "The network failed.", "It is tried again.", TrainerUse.Failure | TrainerUse.Reply);
    public static readonly ErrorCode FrameworkError = Permanent(500, "FRAMEWORK_ERROR", "The framework failed.", "See the job's log.", TrainerUse.Failure);
    public static readonly ErrorCode ExportValidationFailed = Permanent(422, "EXPORT_VALIDATION_FAILED", "The exported model answers differently from the checkpoint.", "Try another opset or format.", TrainerUse.Failure);
    public static readonly ErrorCode AttemptCancelled = User(409, "CANCELLED", "It was cancelled.", "Start a new one.", TrainerUse.Failure);
    public static readonly ErrorCode AttemptEnded = User(410, "ATTEMPT_ENDED", "This attempt has ended.", "The trainer should stop working on it.");
    public static readonly ErrorCode InvalidAttemptToken = User(401, "INVALID_ATTEMPT_TOKEN", "The token is not the one of this attempt.", "Use the token given when the job was started.");
    public static readonly ErrorCode DeploymentNotActive = User(409, "DEPLOYMENT_NOT_ACTIVE", "The deployment is not active.", "Deploy the model, or wait until the deployment is active.");
    public static readonly ErrorCode InvalidImage = User(422, "INVALID_IMAGE", "An image cannot be read.", "Send JPEG, PNG or another supported image.", TrainerUse.Reply);

    // What only trainers answer. The platform passes on those marked Reply; the others concern the platform and the trainer alone.
    public static readonly ErrorCode UnknownTaskType = User(422, "UNKNOWN_TASK_TYPE", "The trainer does not do this task.", "See GET /api/v1/training/capabilities.", TrainerUse.Reply);
    public static readonly ErrorCode UnsupportedKind = User(422, "UNSUPPORTED_KIND", "The trainer does not do this kind of job.", "Use a trainer that does.", TrainerUse.Reply);
    public static readonly ErrorCode TrainerRequest = Permanent(422, "INVALID_REQUEST", "The trainer does not understand the request.", "Update the trainer: it speaks another version of the protocol.", TrainerUse.InternalReply);
    public static readonly ErrorCode LengthRequired = Permanent(411, "LENGTH_REQUIRED", "The trainer needs to know the length of the body.", "Send a Content-Length.", TrainerUse.InternalReply);
    public static readonly ErrorCode TrainerKeyRefused = Permanent(401, "UNAUTHORIZED", "The trainer refuses the platform's API key.", "Give the platform and the trainer the same TRAINER_API_KEY.", TrainerUse.InternalReply);
    public static readonly ErrorCode UnknownJob = Transient(404, "UNKNOWN_JOB", "The trainer does not know the job.", "A restarted trainer knows no jobs; the next attempt starts from the last checkpoint.", TrainerUse.InternalReply);
    public static readonly ErrorCode UnknownModelFormat = Permanent(422, "UNKNOWN_MODEL_FORMAT", "The trainer does not serve models of this format.", "Export the model to a format that the trainer serves.", TrainerUse.InternalReply);
    public static readonly ErrorCode ModelInvalid = Permanent(422, "MODEL_INVALID", "The trainer cannot load the model file.", "Export the model again.", TrainerUse.InternalReply);
    public static readonly ErrorCode TrainerStopping = Transient(503, "TRAINER_STOPPING", "The trainer is stopping.", "Try again when it has started again.", TrainerUse.InternalReply);

    // Services
    public static readonly ErrorCode StorageError = Transient(503, "STORAGE_ERROR", "The object store failed.", "Try again in a moment.", TrainerUse.Failure | TrainerUse.Reply);
    public static readonly ErrorCode StorageUnavailable = Transient(503, "STORAGE_UNAVAILABLE", "The object store does not answer.", "Try again in a moment.");
    public static readonly ErrorCode DatabaseUnavailable = Transient(503, "DATABASE_UNAVAILABLE", "The database does not answer.", "Try again in a moment.");
    public static readonly ErrorCode SchemaBehind = Permanent(503, "SCHEMA_BEHIND", "The database schema is older than the app.", "Run platform-cli database migrate.");

    /// <summary>All codes by name.</summary>
    public static FrozenDictionary<string, ErrorCode> All { get; } = typeof(ErrorCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => field.GetValue(null)).OfType<ErrorCode>()
        .ToFrozenDictionary(code => code.Code, StringComparer.Ordinal);

    /// <summary>The code's line; <see cref="FrameworkError"/> for a code the table does not have (a newer trainer may send one).</summary>
    public static ErrorCode Find(string code) => All.GetValueOrDefault(code, FrameworkError);

    /// <summary>The codes that trainers may use in one of these ways, by name.</summary>
    public static IReadOnlyList<ErrorCode> OfTrainers(TrainerUse use) =>
        [.. All.Values.Where(code => (code.Trainers & use) != 0).OrderBy(code => code.Code, StringComparer.Ordinal)];

    /// <summary>The code of a trainer's <c>failed</c> event; <see cref="FrameworkError"/> for one that such an event may not carry.</summary>
    public static ErrorCode OfTrainerFailure(string code) => FindOfTrainers(code, TrainerUse.Failure) ?? FrameworkError;

    /// <summary>The code of a trainer's reply as the platform's caller gets it; <see cref="TrainerProtocol"/> for one that is not passed on.</summary>
    public static ErrorCode OfTrainerReply(string? code) => FindOfTrainers(code, TrainerUse.Reply) ?? TrainerProtocol;

    private static ErrorCode? FindOfTrainers(string? code, TrainerUse use) =>
        code is not null && All.TryGetValue(code, out var known) && known.Trainers.HasFlag(use) ? known : null;

    private static ErrorCode User(int status, string code, string title, string action, TrainerUse trainers = TrainerUse.None) =>
        new(code, ErrorCategory.User, status, title, action, trainers);

    private static ErrorCode Transient(int status, string code, string title, string action, TrainerUse trainers = TrainerUse.None) =>
        new(code, ErrorCategory.Transient, status, title, action, trainers);

    private static ErrorCode Permanent(int status, string code, string title, string action, TrainerUse trainers = TrainerUse.None) =>
        new(code, ErrorCategory.Permanent, status, title, action, trainers);
}
