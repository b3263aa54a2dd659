using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Deployments;

/// <summary>Predicts with deployed models, for callers with the key of the deployment and for members of its project.</summary>
public sealed class PredictionFunctions(PlatformDatabase database, ServedModels models, ProjectAccess access, Authentication authentication, RateLimits limits)
{
    public const int MaxImages = 64;
    private const string PredictionExample =
        """{"images":["iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="],"topK":2}""";
    private const int MaxBytes = 32 * 1024 * 1024;
    private const int DefaultTopK = 5;

    [Function("Predict"), AllowAnonymousAccess("The bearer is a deployment's key or an access token; both are checked here."), RateLimit(RateLimit.General)]
    [Operation("Predict", Tag = "Deployments", Body = typeof(PredictionRequest), Example = PredictionExample, RawBodyTypes = ["image/*"], Security = [ApiDocument.DeploymentKey, ApiDocument.AccessToken], Returns = typeof(PredictionAnswer),
        Problems = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "PASSWORD_CHANGE_REQUIRED", "FORBIDDEN", "DEPLOYMENT_NOT_ACTIVE", "INVALID_IMAGE", "IMAGE_TOO_LARGE", "MODEL_LOADING", "MODEL_SERVER_BUSY", "MODEL_SERVER_UNAVAILABLE", "MODEL_TOO_LARGE", "TRAINER_BUSY", "TRAINER_UNAVAILABLE"],
        Description = "Predicts with a deployed model: up to 64 images in base64 as JSON, or one image file as the body itself. Each image is answered for itself. While the model is not in memory, the answer is 503 `MODEL_LOADING` with `Retry-After` and `readiness`. Authenticate with the API key of the deployment, or with an access token of a member of the project.")]
    public async Task<IResult> Predict(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/infer/{deploymentId:guid}")] HttpRequest request,
        Guid deploymentId, CancellationToken cancellation)
    {
        var deployment = await RequireAsync(request, deploymentId, cancellation);
        if (deployment.State != DeploymentState.Active)
            throw new ProblemException(ErrorCodes.DeploymentNotActive, $"The deployment is {deployment.State.AsText()}.");
        var (images, topK, minScore) = await ReadImagesAsync(request, cancellation);
        var (revision, reply) = await models.PredictAsync(deployment, images, topK, minScore, cancellation);
        return reply.Predictions is [{ Prediction.Error: { } error }]
            ? throw new ProblemException(ErrorCodes.Find(error.Code), error.Message, "images[0]")
            : Answer.Ok(new PredictionAnswer(deployment.Id, revision, [.. reply.Predictions.Select(served => served.Prediction)], reply.InferenceMs));
    }

    private async Task<Deployment> RequireAsync(HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var bearer = Authentication.BearerToken(request) ?? throw new ProblemException(ErrorCodes.Unauthenticated);
        var deployment = await database.Deployments.AsNoTracking()
            .SingleOrDefaultAsync(d => d.Id == id && database.Projects.Any(project => project.Id == d.ProjectId && project.DeletedAt == null), cancellation);
        if (bearer.StartsWith(DeploymentKey.Prefix, StringComparison.Ordinal))
        {
            if (deployment is null || !DeploymentKey.Matches(bearer, deployment.ApiKeyHash))
                throw new ProblemException(ErrorCodes.Unauthenticated, "The key does not belong to this deployment.");
            await limits.CountPredictionAsync(request.HttpContext, deployment.Id);
            return deployment;
        }
        var user = await authentication.RequireUserAsync(request, cancellation);
        Authentication.RequirePermission(user, Permission.PredictionsRun);
        await access.RequireForAsync(user, deployment?.ProjectId, Permission.PredictionsRun, "deployment", cancellation);
        await limits.CountCallerAsync(request.HttpContext, user.Id, bearer);
        await limits.CountPredictionAsync(request.HttpContext, user.Id);
        return deployment!;
    }

    private static async Task<(IReadOnlyList<byte[]> Images, int TopK, double? MinScore)> ReadImagesAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (request.HasJsonContentType())
        {
            var body = await request.ReadJsonAsync<PredictionRequest>(cancellation, MaxBytes);
            return ([.. body.Images!.Select(FromBase64)], body.TopK ?? DefaultTopK, body.MinScore);
        }

        var bytes = await request.ReadBytesAsync(cancellation, MaxBytes);
        if (bytes.Length == 0)
            throw new ProblemException(ErrorCodes.InvalidImage, "The body is empty.");
        return ([bytes], DefaultTopK, null);
    }

    /// <summary>No bytes for text that is not base64: that is no image, and its item says so.</summary>
    private static byte[] FromBase64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return [];
        }
    }
}
