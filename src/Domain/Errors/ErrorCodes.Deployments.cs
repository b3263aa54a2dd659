namespace VisionPlatform.Domain.Errors;

// Codes of deployments and predictions.
public static partial class ErrorCodes
{
    public static readonly ErrorCode DeploymentNotActive = User(409, "DEPLOYMENT_NOT_ACTIVE", "The deployment is not active.", "Deploy the model, or wait until the deployment is active.");
    public static readonly ErrorCode InvalidImage = User(422, "INVALID_IMAGE", "An image cannot be read.", "Send JPEG, PNG or another supported image.", TrainerUse.Reply);
}
