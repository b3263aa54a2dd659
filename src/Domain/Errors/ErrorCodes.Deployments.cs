namespace VisionPlatform.Domain.Errors;

// Codes of deployments and predictions.
public static partial class ErrorCodes
{
    public static readonly ErrorCode DeploymentNotActive = User(409, "DEPLOYMENT_NOT_ACTIVE", "The deployment is not active.", "Deploy the model, or wait until the deployment is active.");
    public static readonly ErrorCode InvalidImage = User(422, "INVALID_IMAGE", "An image cannot be read.", "Send JPEG, PNG or another supported image.", TrainerUse.Reply);
    public static readonly ErrorCode ModelLoading = Transient(503, "MODEL_LOADING", "The model is being loaded.", "Repeat the request after the time in Retry-After; readiness says how far it is.");
    public static readonly ErrorCode ModelNotLoaded = Transient(404, "MODEL_NOT_LOADED", "The model server does not hold the model.", "Ask the model server to load it first.");
    public static readonly ErrorCode ModelTooLarge = Permanent(422, "MODEL_TOO_LARGE", "The model needs more memory than the model server may use.", "Give the model server more memory (MODEL_SERVER_MEMORY_MB), or deploy a smaller model.");
    public static readonly ErrorCode ModelServerBusy = Transient(503, "MODEL_SERVER_BUSY", "The model server has too many images waiting.", "Repeat the request after the time in Retry-After.");
    public static readonly ErrorCode ModelServerUnavailable = Transient(503, "MODEL_SERVER_UNAVAILABLE", "No model server answers.", "Try again in a moment. If it happens again, ask an operator to check the model servers.");
}
