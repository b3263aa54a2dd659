namespace VisionPlatform.Domain.Errors;

// Codes that any request can end with.
public static partial class ErrorCodes
{
    public static readonly ErrorCode MalformedJson = User(400, "MALFORMED_JSON", "The body is not valid JSON.", "Send a JSON document with the content type application/json.", TrainerUse.InternalReply);
    public static readonly ErrorCode InvalidParameter = User(400, "INVALID_PARAMETER", "A query parameter or header is not valid.", "Correct the parameters named in errors; /api/v1/docs describes them.");
    public static readonly ErrorCode InvalidCursor = User(400, "INVALID_CURSOR", "The cursor does not belong to this list.", "Start again without a cursor.");
    public static readonly ErrorCode BodyTooLarge = User(413, "BODY_TOO_LARGE", "The body is larger than this endpoint accepts.", "Send a smaller body.", TrainerUse.Reply);
    public static readonly ErrorCode UnsupportedMediaType = User(415, "UNSUPPORTED_MEDIA_TYPE", "This endpoint does not accept this content type.", "Send application/json.");
    public static readonly ErrorCode ValidationFailed = User(422, "VALIDATION_FAILED", "Some fields are not valid.", "Correct the fields named in errors and send again.");
    public static readonly ErrorCode NotFound = User(404, "NOT_FOUND", "It does not exist, or you may not see it.", "Check the address, and check that you are a member of the project.", TrainerUse.InternalReply);
    public static readonly ErrorCode MethodNotAllowed = User(405, "METHOD_NOT_ALLOWED", "This address does not support this method.", "See /api/v1/openapi.json for the methods that it supports.");
    public static readonly ErrorCode DuplicateName = User(409, "DUPLICATE_NAME", "The name is taken.", "Choose another name.");
    public static readonly ErrorCode InvalidState = User(409, "INVALID_STATE", "This cannot be done in the current state.", "Read the current state first.");
    public static readonly ErrorCode ChangedMeanwhile = User(409, "CHANGED_MEANWHILE", "Somebody else changed it at the same time.", "Read it again and repeat the change.");
    public static readonly ErrorCode PreconditionFailed = User(412, "PRECONDITION_FAILED", "The current version is not the one named in If-Match.", "Read it again, and repeat the change with the version in currentVersion.");
    public static readonly ErrorCode IdempotencyKeyReused = User(422, "IDEMPOTENCY_KEY_REUSED", "The Idempotency-Key was used for another request.", "Use a new key for each new request.");
    public static readonly ErrorCode RequestInProgress = Transient(409, "REQUEST_IN_PROGRESS", "A request with this Idempotency-Key is under way.", "Send it again in a moment; the answer will be the same.");
    public static readonly ErrorCode RateLimited = Transient(429, "RATE_LIMITED", "Too many requests.", "Wait for the time in Retry-After; the RateLimit headers show what is left.");
    public static readonly ErrorCode Internal = Permanent(500, "INTERNAL_ERROR", "Something went wrong on our side.", "Tell an operator the trace id.", TrainerUse.InternalReply);
    public static readonly ErrorCode Cancelled = User(499, "REQUEST_CANCELLED", "The caller closed the connection.", "Send the request again.");
}
