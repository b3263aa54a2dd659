using System.ComponentModel.DataAnnotations;
using VisionPlatform.Api.Training;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Api.Deployments;

/// <summary>A deployment to create.</summary>
/// <param name="ExportId">Completed export to serve.</param>
/// <param name="Name">Name of the deployment.</param>
public sealed record NewDeployment(
    [property: Required] Guid? ExportId,
    [property: Required, Name(200)] string? Name);

/// <summary>An exported model that answers predictions.</summary>
/// <param name="ExportId">Export that is served.</param>
/// <param name="Name">Name of the deployment.</param>
/// <param name="State">Whether the deployment answers predictions.</param>
/// <param name="RequestCount">Number of prediction requests so far.</param>
/// <param name="ImageCount">Number of images in those requests.</param>
/// <param name="AverageLatencyMs">Average duration of a prediction request in milliseconds; null before the first.</param>
/// <param name="Error">Why the deployment failed; null otherwise.</param>
/// <param name="ApiKey">Key with which programs call the deployment. It is shown only in the answer that creates the deployment, and null in all others.</param>
public sealed record DeploymentAnswer(
    Guid Id, Guid ProjectId, Guid ExportId, string Name, DeploymentState State, long RequestCount, long ImageCount, double? AverageLatencyMs,
    FailureAnswer? Error, DateTimeOffset CreatedAt, string? ApiKey)
{
    public static DeploymentAnswer Of(Deployment deployment, DeploymentUsage? usage, string? apiKey = null) => new(
        deployment.Id, deployment.ProjectId, deployment.ExportId, deployment.Name, deployment.State, usage?.RequestCount ?? 0, usage?.ImageCount ?? 0,
        usage?.AverageLatencyMs, FailureAnswer.Of(deployment.Error), deployment.CreatedAt, apiKey);
}

/// <summary>Images to predict.</summary>
/// <param name="Images">Image files (JPEG, PNG, GIF, BMP, WebP or TIFF) in base64, at most 64. By default an image may have 50 megapixels, and all together 200; a JPEG larger than the model needs counts with the part of it that is decoded.</param>
/// <param name="TopK">Number of classes to return for each image of a classification; 5 when left out.</param>
/// <param name="MinScore">Objects with a lower score are left out; the threshold of the model when left out. Not for classification.</param>
public sealed record PredictionRequest(
    [property: Required, MinLength(1), MaxLength(PredictionFunctions.MaxImages)] IReadOnlyList<string>? Images,
    [property: Range(1, 100)] int? TopK,
    [property: Range(0.0, 1.0)] double? MinScore = null);

/// <summary>Predictions for the images of one request.</summary>
/// <param name="DeploymentId">Deployment that answered.</param>
/// <param name="Predictions">One prediction for each image, in their order. An image that cannot be read has an error instead; a request whose only image cannot be read is refused.</param>
/// <param name="InferenceMs">Milliseconds that decoding the images and running the model took.</param>
public sealed record PredictionAnswer(Guid DeploymentId, IReadOnlyList<Prediction> Predictions, double InferenceMs);
