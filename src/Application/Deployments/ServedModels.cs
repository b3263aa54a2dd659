using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Deployments;

/// <summary>Answers predictions of deployed models: the trainer of the framework fetches the exported file once and keeps it loaded.</summary>
public sealed class ServedModels(PlatformDatabase database, TrainerClient trainers, ObjectStores stores)
{
    /// <summary>How long the trainer may take to fetch the file; it needs the URL only when it has not cached the model.</summary>
    private static readonly TimeSpan FetchLifetime = TimeSpan.FromMinutes(15);

    /// <param name="images">Encoded images as base64; none only loads the model.</param>
    /// <exception cref="ProblemException">The trainer is away, or an image cannot be read.</exception>
    public async Task<TrainerPredictReply> PredictAsync(
        Deployment deployment, IReadOnlyList<string> images, int topK, CancellationToken cancellation)
    {
        var export = await database.Exports.AsNoTracking().SingleAsync(e => e.Id == deployment.ExportId, cancellation);
        if (export is not { Key: { } key, Sha256: { } sha256 })
            throw new ProblemException(ErrorCodes.InvalidState, "The export has no file.");
        var model = new TrainerServedModel(export.Id, export.Format, new Uri(stores.Internal.PresignGet(key, FetchLifetime).Url), sha256, export.Metadata);
        return await trainers.PredictAsync(deployment.Trainer, new TrainerPredictRequest(model, images, topK), cancellation);
    }
}
