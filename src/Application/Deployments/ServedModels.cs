using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Deployments;

/// <summary>What a revision answered.</summary>
/// <param name="Revision">Number of the revision.</param>
public sealed record RevisionReply(int Revision, ServedReply Reply);

/// <summary>
/// Predicts with deployed models. Model servers serve ONNX exports; TorchScript exports, and all where there is no model server, are served by the
/// trainer of the framework.
/// </summary>
public sealed class ServedModels(PlatformDatabase database, ModelServerClient servers, TrainerClient trainers, ObjectStores stores, UsageCounts counts, ShadowTraffic shadow)
{
    /// <summary>How long the file may take to be downloaded. The URL is used only if the model is not there.</summary>
    private static readonly TimeSpan FetchLifetime = TimeSpan.FromMinutes(15);

    /// <summary>How long one try of a deployment waits for a model server to load the model.</summary>
    private static readonly TimeSpan LoadPatience = TimeSpan.FromSeconds(20);

    /// <summary>Whether a model server serves exports of this format.</summary>
    public bool ServedByModelServer(string format) => format == "onnx" && servers.IsConfigured;

    /// <summary>
    /// Predicts with the revision that answers, or with the canary if the request belongs to its share; one that the canary fails is answered by the other.
    /// Adds the request to the usage, and gives a copy to the shadow.
    /// </summary>
    /// <param name="deployment">An active deployment.</param>
    /// <param name="images">Image files.</param>
    /// <param name="topK">Number of classes to return for each image.</param>
    /// <param name="minScore">Objects below this score are left out; null for the model's own threshold.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>A prediction for each image; one that cannot be read has an error.</returns>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelLoading"/>, <see cref="ErrorCodes.ModelServerUnavailable"/>, <see cref="ErrorCodes.TrainerUnavailable"/>, or what the server answered.</exception>
    public async Task<RevisionReply> PredictAsync(Deployment deployment, IReadOnlyList<byte[]> images, int topK, double? minScore, CancellationToken cancellation)
    {
        var reply = await TryCanaryAsync(deployment, images, topK, minScore, cancellation)
            ?? await CountedAsync(deployment.Id, deployment.Revision, deployment.ExportId, deployment.Trainer, images, topK, minScore, cancellation);
        if (deployment.ShadowRevision is { } number && number != reply.Revision)
            shadow.Offer(new ShadowRequest(deployment.Id, reply.Revision, number, images, topK, minScore, [.. reply.Reply.Predictions.Select(served => served.Prediction)]));
        return reply;
    }

    private async Task<RevisionReply?> TryCanaryAsync(Deployment deployment, IReadOnlyList<byte[]> images, int topK, double? minScore, CancellationToken cancellation)
    {
        if (deployment.CanaryRevision is not { } number || RequestShare.Of(deployment.Id, images) >= deployment.CanaryPercent)
            return null;
        var canary = await database.DeploymentRevisions.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment.Id && row.Number == number, cancellation);
        try
        {
            return await CountedAsync(deployment.Id, number, canary.ExportId, canary.Trainer, images, topK, minScore, cancellation);
        }
        catch (ProblemException)
        {
            // It is counted as a failed request of the canary; the caller gets an answer.
            return null;
        }
    }

    private async Task<RevisionReply> CountedAsync(
        Guid deployment, int revision, Guid exportId, string trainer, IReadOnlyList<byte[]> images, int topK, double? minScore, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            var reply = await PredictAsync(exportId, trainer, images, topK, minScore, cancellation);
            counts.Add(deployment, revision, Stopwatch.GetElapsedTime(started), reply.Predictions);
            return new RevisionReply(revision, reply);
        }
        catch (ProblemException)
        {
            counts.Add(deployment, revision, Stopwatch.GetElapsedTime(started), null);
            throw;
        }
    }

    /// <summary>Predicts with an export and counts nothing.</summary>
    /// <exception cref="ProblemException">As the other.</exception>
    internal async Task<ServedReply> PredictAsync(Guid exportId, string trainer, IReadOnlyList<byte[]> images, int topK, double? minScore, CancellationToken cancellation)
    {
        var export = await database.Exports.AsNoTracking().SingleAsync(row => row.Id == exportId, cancellation);
        return ServedByModelServer(export.Format)
            ? await servers.PredictAsync(FileOf(export), images, topK, minScore, cancellation)
            : await AskTrainerAsync(trainer, export, images, topK, cancellation);
    }

    /// <summary>Checks that an export can be served.</summary>
    /// <returns>The framework of the trainer that serves it where no model server does.</returns>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/> if it is not completed, or <see cref="ErrorCodes.TaskNotSupported"/>.</exception>
    public async Task<string> RequireServableAsync(Export export, CancellationToken cancellation)
    {
        if (export.State != ExportState.Completed)
            throw new ProblemException(ErrorCodes.InvalidState, $"The export is {export.State.AsText()}; only a completed one can be deployed.");
        var model = await database.ModelVersions.Where(version => version.Id == export.ModelVersionId).Select(version => new { version.Framework, version.TaskType }).SingleAsync(cancellation);
        if (export.Format is not ("onnx" or "torchscript"))
            throw new ProblemException(ErrorCodes.TaskNotSupported, $"Only ONNX and TorchScript exports can be deployed. An export to {export.Format} is for use elsewhere; it can be downloaded.", "exportId");
        if (model.TaskType != TaskType.ImageClassification && !ServedByModelServer(export.Format))
            throw new ProblemException(
                ErrorCodes.TaskNotSupported, $"Models for {model.TaskType.AsText()} can be deployed from an ONNX export, and only where there is a model server. The export can be downloaded.", "exportId");
        return model.Framework;
    }

    /// <summary>Has the model of an export loaded.</summary>
    /// <param name="patience">How long to wait for a model server.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelLoading"/> while it is loaded, or why it cannot be.</exception>
    public async Task RequireReadyAsync(string trainer, Guid exportId, TimeSpan patience, CancellationToken cancellation)
    {
        var export = await database.Exports.AsNoTracking().SingleAsync(row => row.Id == exportId, cancellation);
        if (ServedByModelServer(export.Format))
            await servers.LoadAsync(FileOf(export), patience, cancellation);
        else
            await trainers.PredictAsync(trainer, new TrainerPredictRequest(ModelOf(export), [], TopK: 1), cancellation);
    }

    /// <summary>Has the model of a deployment loaded.</summary>
    /// <returns>Why it could not be; null if it is ready.</returns>
    internal async Task<Failure?> LoadAsync(Guid deploymentId, CancellationToken cancellation)
    {
        var deployment = await database.Deployments.AsNoTracking().SingleAsync(row => row.Id == deploymentId, cancellation);
        try
        {
            await RequireReadyAsync(deployment.Trainer, deployment.ExportId, LoadPatience, cancellation);
            return null;
        }
        catch (ProblemException problem)
        {
            return problem.ToFailure();
        }
    }

    /// <summary>A trainer refuses a request for its first bad image, so the others are sent again without it.</summary>
    private async Task<ServedReply> AskTrainerAsync(string trainer, Export export, IReadOnlyList<byte[]> images, int topK, CancellationToken cancellation)
    {
        var predictions = new Prediction?[images.Count];
        while (true)
        {
            int[] left = [.. Enumerable.Range(0, images.Count).Where(index => predictions[index] is null)];
            if (left.Length == 0)
                return new ServedReply([.. predictions.Select(prediction => new ServedPrediction(prediction!))], 0);
            try
            {
                var reply = await trainers.PredictAsync(trainer, new TrainerPredictRequest(ModelOf(export), [.. left.Select(index => Convert.ToBase64String(images[index]))], topK), cancellation);
                foreach (var (index, prediction) in left.Zip(reply.Predictions))
                    predictions[index] = prediction;
                return new ServedReply([.. predictions.Select(prediction => new ServedPrediction(prediction!))], reply.InferenceMs);
            }
            catch (ProblemException refused) when (refused.Item is { } item && item < left.Length)
            {
                predictions[left[item]] = Prediction.Failed(refused.Error, refused.Message);
            }
        }
    }

    private ModelServerFile FileOf(Export export) => FileOf(export, (key, sha256, url) => new ModelServerFile(export.Id, url, sha256, export.Size, export.Format, export.Metadata));

    private TrainerServedModel ModelOf(Export export) => FileOf(export, (key, sha256, url) => new TrainerServedModel(export.Id, export.Format, url, sha256, export.Metadata));

    private T FileOf<T>(Export export, Func<string, string, Uri, T> make) => export is { Key: { } key, Sha256: { } sha256 }
        ? make(key, sha256, new Uri(stores.Internal.PresignGet(key, FetchLifetime).Url))
        : throw new ProblemException(ErrorCodes.InvalidState, "The export has no file.");
}
