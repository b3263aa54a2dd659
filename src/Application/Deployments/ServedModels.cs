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

/// <summary>
/// Predicts with deployed models. Model servers serve ONNX exports; TorchScript exports, and all where there is no model server, are served by the
/// trainer of the framework.
/// </summary>
public sealed class ServedModels(PlatformDatabase database, ModelServerClient servers, TrainerClient trainers, ObjectStores stores, UsageCounts counts)
{
    /// <summary>How long the file may take to be downloaded. The URL is used only if the model is not there.</summary>
    private static readonly TimeSpan FetchLifetime = TimeSpan.FromMinutes(15);

    /// <summary>How long one try of a deployment waits for a model server to load the model.</summary>
    private static readonly TimeSpan LoadPatience = TimeSpan.FromSeconds(20);

    /// <summary>Whether a model server serves exports of this format.</summary>
    public bool ServedByModelServer(string format) => format == "onnx" && servers.IsConfigured;

    /// <summary>Predicts, and adds the request to the usage of the deployment.</summary>
    /// <param name="deployment">An active deployment.</param>
    /// <param name="images">Image files.</param>
    /// <param name="topK">Number of classes to return for each image.</param>
    /// <param name="minScore">Objects below this score are left out; null for the model's own threshold.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>A prediction for each image; one that cannot be read has an error.</returns>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelLoading"/>, <see cref="ErrorCodes.ModelServerUnavailable"/>, <see cref="ErrorCodes.TrainerUnavailable"/>, or what the server answered.</exception>
    public async Task<ServedReply> PredictAsync(Deployment deployment, IReadOnlyList<byte[]> images, int topK, double? minScore, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var export = await database.Exports.AsNoTracking().SingleAsync(e => e.Id == deployment.ExportId, cancellation);
        try
        {
            var reply = ServedByModelServer(export.Format)
                ? await servers.PredictAsync(FileOf(export), images, topK, minScore, cancellation)
                : await AskTrainerAsync(deployment.Trainer, export, images, topK, cancellation);
            counts.Add(deployment.Id, deployment.Revision, Stopwatch.GetElapsedTime(started), reply.Predictions);
            return reply;
        }
        catch (ProblemException)
        {
            counts.Add(deployment.Id, deployment.Revision, Stopwatch.GetElapsedTime(started), null);
            throw;
        }
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
