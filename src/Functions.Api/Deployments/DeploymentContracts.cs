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
/// <param name="ExportId">Export that is served, of the revision that answers.</param>
/// <param name="Revision">Number of the revision that answers.</param>
/// <param name="PreviousRevision">Number of the revision that answered before, to which a roll-back leads; null when there was none.</param>
/// <param name="Canary">The revision that answers a share of the requests; null when there is none.</param>
/// <param name="ShadowRevision">Number of the revision that gets a copy of the requests and whose answers are only compared; null when there is none.</param>
/// <param name="Name">Name of the deployment.</param>
/// <param name="State">Whether the deployment answers predictions.</param>
/// <param name="RequestCount">Number of prediction requests so far.</param>
/// <param name="ImageCount">Number of images in those requests.</param>
/// <param name="AverageLatencyMs">Average duration of a prediction request in milliseconds; null before the first.</param>
/// <param name="Error">Why the deployment failed; null otherwise.</param>
/// <param name="ApiKey">Key with which programs call the deployment. It is shown only in the answer that creates the deployment, and null in all others.</param>
public sealed record DeploymentAnswer(
    Guid Id, Guid ProjectId, Guid ExportId, int Revision, int? PreviousRevision, CanaryAnswer? Canary, int? ShadowRevision, string Name, DeploymentState State, long RequestCount, long ImageCount, double? AverageLatencyMs,
    FailureAnswer? Error, DateTimeOffset CreatedAt, string? ApiKey)
{
    public static DeploymentAnswer Of(Deployment deployment, DeploymentUsage? usage, string? apiKey = null) => new(
        deployment.Id, deployment.ProjectId, deployment.ExportId, deployment.Revision, deployment.PreviousRevision,
        deployment.CanaryRevision is { } canary ? new CanaryAnswer(canary, deployment.CanaryPercent) : null, deployment.ShadowRevision, deployment.Name, deployment.State, usage?.RequestCount ?? 0, usage?.ImageCount ?? 0,
        usage?.AverageLatencyMs, FailureAnswer.Of(deployment.Error), deployment.CreatedAt, apiKey);
}

/// <summary>The revision that answers a share of the requests.</summary>
/// <param name="Revision">Number of the revision.</param>
/// <param name="Percent">Its share of the requests in percent.</param>
public sealed record CanaryAnswer(int Revision, int Percent);

/// <summary>A canary to start.</summary>
/// <param name="Revision">Number of the revision; not the one that answers.</param>
/// <param name="Percent">Its share of the requests in percent.</param>
public sealed record NewCanary([property: Required, Range(1, int.MaxValue)] int? Revision, [property: Required, Range(1, 99)] int? Percent);

/// <summary>A shadow to start.</summary>
/// <param name="Revision">Number of the revision; not the one that answers.</param>
public sealed record NewShadow([property: Required, Range(1, int.MaxValue)] int? Revision);

/// <summary>A revision to add.</summary>
/// <param name="ExportId">Completed export of the same project, of a model for the same task.</param>
public sealed record NewRevision([property: Required] Guid? ExportId);

/// <summary>An export that a deployment served, serves or may serve.</summary>
/// <param name="Number">Number of the revision in its deployment, from 1.</param>
/// <param name="ExportId">Export of the revision.</param>
/// <param name="Model">Name of the exported model.</param>
/// <param name="ModelVersion">Number of the model's version that was exported.</param>
/// <param name="Format">Format of the export.</param>
/// <param name="CreatedBy">Account that added it.</param>
public sealed record RevisionAnswer(int Number, Guid ExportId, string Model, int ModelVersion, string Format, Guid CreatedBy, DateTimeOffset CreatedAt);

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
/// <param name="Revision">Number of the revision that answered.</param>
/// <param name="Predictions">One prediction for each image, in their order. An image that cannot be read has an error instead; a request whose only image cannot be read is refused.</param>
/// <param name="InferenceMs">Milliseconds that decoding the images and running the model took.</param>
public sealed record PredictionAnswer(Guid DeploymentId, int Revision, IReadOnlyList<Prediction> Predictions, double InferenceMs);
