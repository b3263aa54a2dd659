using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Deployments;

/// <summary>Predicts with deployed models. The trainer of the framework downloads the exported file once and keeps it loaded.</summary>
public sealed class ServedModels(PlatformDatabase database, TrainerClient trainers, ObjectStores stores)
{
    /// <summary>How long the trainer may take to download the file. It uses the URL only if it does not have the model.</summary>
    private static readonly TimeSpan FetchLifetime = TimeSpan.FromMinutes(15);

    /// <summary>Predicts, and adds the request to the usage of the deployment.</summary>
    /// <param name="deployment">An active deployment.</param>
    /// <param name="images">Image files in base64.</param>
    /// <param name="topK">Number of classes to return for each image.</param>
    /// <param name="cancellation">Stops waiting for the trainer.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidImage"/>, <see cref="ErrorCodes.TrainerUnavailable"/>, or what the trainer answered.</exception>
    public async Task<TrainerPredictReply> PredictAsync(Deployment deployment, IReadOnlyList<string> images, int topK, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var export = await database.Exports.AsNoTracking().SingleAsync(e => e.Id == deployment.ExportId, cancellation);
        var reply = await AskAsync(deployment.Trainer, export, images, topK, cancellation);
        var spent = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO deployment_usage AS u (deployment_id, request_count, image_count, total_latency_ms) VALUES ({deployment.Id}, 1, {images.Count}, {spent})
            ON CONFLICT (deployment_id) DO UPDATE
            SET request_count = u.request_count + 1, image_count = u.image_count + EXCLUDED.image_count, total_latency_ms = u.total_latency_ms + EXCLUDED.total_latency_ms
            """, cancellation);
        return reply;
    }

    /// <summary>Has the trainer load the model of a deployment.</summary>
    /// <returns>Why it could not; null if it could.</returns>
    internal async Task<Failure?> LoadAsync(Guid deploymentId, CancellationToken cancellation)
    {
        var served = await database.Deployments.AsNoTracking().Where(deployment => deployment.Id == deploymentId)
            .Join(database.Exports, deployment => deployment.ExportId, export => export.Id, (deployment, export) => new { deployment.Trainer, export })
            .SingleAsync(cancellation);
        try
        {
            await AskAsync(served.Trainer, served.export, [], topK: 1, cancellation);
            return null;
        }
        catch (ProblemException problem)
        {
            return problem.ToFailure();
        }
    }

    private Task<TrainerPredictReply> AskAsync(string trainer, Export export, IReadOnlyList<string> images, int topK, CancellationToken cancellation)
    {
        if (export is not { Key: { } key, Sha256: { } sha256 })
            throw new ProblemException(ErrorCodes.InvalidState, "The export has no file.");
        var model = new TrainerServedModel(export.Id, export.Format, new Uri(stores.Internal.PresignGet(key, FetchLifetime).Url), sha256, export.Metadata);
        return trainers.PredictAsync(trainer, new TrainerPredictRequest(model, images, topK), cancellation);
    }
}
