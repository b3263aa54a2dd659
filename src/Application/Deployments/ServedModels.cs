using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
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
public sealed class ServedModels(PlatformDatabase database, ModelServerClient servers, TrainerClient trainers, ObjectStores stores)
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
    public async Task<TrainerPredictReply> PredictAsync(Deployment deployment, IReadOnlyList<byte[]> images, int topK, double? minScore, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var export = await database.Exports.AsNoTracking().SingleAsync(e => e.Id == deployment.ExportId, cancellation);
        var reply = ServedByModelServer(export.Format)
            ? await servers.PredictAsync(FileOf(export), images, topK, minScore, cancellation)
            : await AskTrainerAsync(deployment.Trainer, export, images, topK, cancellation);
        var spent = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO deployment_usage AS u (deployment_id, request_count, image_count, total_latency_ms) VALUES ({deployment.Id}, 1, {images.Count}, {spent})
            ON CONFLICT (deployment_id) DO UPDATE
            SET request_count = u.request_count + 1, image_count = u.image_count + EXCLUDED.image_count, total_latency_ms = u.total_latency_ms + EXCLUDED.total_latency_ms
            """, cancellation);
        return reply;
    }

    /// <summary>Has the model of a deployment loaded.</summary>
    /// <returns>Why it could not be; null if it is ready.</returns>
    internal async Task<Failure?> LoadAsync(Guid deploymentId, CancellationToken cancellation)
    {
        var served = await database.Deployments.AsNoTracking().Where(deployment => deployment.Id == deploymentId)
            .Join(database.Exports, deployment => deployment.ExportId, export => export.Id, (deployment, export) => new { deployment.Trainer, export })
            .SingleAsync(cancellation);
        try
        {
            if (ServedByModelServer(served.export.Format))
                await servers.LoadAsync(FileOf(served.export), LoadPatience, cancellation);
            else
                await trainers.PredictAsync(served.Trainer, new TrainerPredictRequest(ModelOf(served.export), [], TopK: 1), cancellation);
            return null;
        }
        catch (ProblemException problem)
        {
            return problem.ToFailure();
        }
    }

    /// <summary>A trainer refuses a request for its first bad image, so the others are sent again without it.</summary>
    private async Task<TrainerPredictReply> AskTrainerAsync(string trainer, Export export, IReadOnlyList<byte[]> images, int topK, CancellationToken cancellation)
    {
        var predictions = new Prediction?[images.Count];
        while (true)
        {
            int[] left = [.. Enumerable.Range(0, images.Count).Where(index => predictions[index] is null)];
            if (left.Length == 0)
                return new TrainerPredictReply(predictions!, 0);
            try
            {
                var reply = await trainers.PredictAsync(trainer, new TrainerPredictRequest(ModelOf(export), [.. left.Select(index => Convert.ToBase64String(images[index]))], topK), cancellation);
                foreach (var (index, prediction) in left.Zip(reply.Predictions))
                    predictions[index] = prediction;
                return reply with { Predictions = predictions! };
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
