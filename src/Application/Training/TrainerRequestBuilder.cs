using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>A request for a trainer, or why there cannot be one.</summary>
/// <param name="ResumedFromEpoch">Epoch of the checkpoint that the training goes on from; null when it begins anew.</param>
public sealed record BuiltRequest(TrainerJobRequest? Request, Failure? Failure, int? ResumedFromEpoch);

/// <summary>
/// Builds the request that starts an attempt on a trainer: a manifest with a presigned GET for each image, the checkpoint to go on from, and
/// a token for the callbacks of this attempt. A trainer gets no storage keys and no access to the database.
/// </summary>
public sealed class TrainerRequestBuilder(
    PlatformDatabase database, ObjectStores stores, AttemptTokens tokens, TrainerSettings settings, TimeProvider time)
{
    /// <summary>How long a trainer may take to download its inputs.</summary>
    private static readonly TimeSpan InputsLifetime = TimeSpan.FromHours(24);

    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(30);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public Task<BuiltRequest> BuildAsync(Attempt attempt, CancellationToken cancellation) => attempt.Kind switch
    {
        AttemptKind.Train => BuildTrainingAsync(attempt, cancellation),
        _ => BuildExportAsync(attempt, cancellation),
    };

    private async Task<BuiltRequest> BuildTrainingAsync(Attempt attempt, CancellationToken cancellation)
    {
        var job = await database.TrainingJobs.AsNoTracking().SingleAsync(j => j.Id == attempt.SubjectId, cancellation);
        var dataset = await DatasetAsync(attempt, job.DatasetVersionId, job.Split, heldOutOnly: false, cancellation);
        if (dataset is null)
            return new BuiltRequest(null, Failure.Of(ErrorCodes.DatasetVersionNotReady), null);
        var last = await database.Checkpoints.AsNoTracking().Where(c => c.JobId == job.Id)
            .OrderByDescending(c => c.Attempt).ThenByDescending(c => c.Epoch).FirstOrDefaultAsync(cancellation);
        var checkpoint = last is null ? null : new TrainerCheckpoint(Get(last.Key), last.Sha256, last.Epoch);
        return new BuiltRequest(Request(attempt, "train", job.TaskType, job.Model, dataset, job.Config, checkpoint, null), null, last?.Epoch);
    }

    private async Task<BuiltRequest> BuildExportAsync(Attempt attempt, CancellationToken cancellation)
    {
        var export = await database.Exports.AsNoTracking().SingleAsync(e => e.Id == attempt.SubjectId, cancellation);
        var version = await database.ModelVersions.AsNoTracking().SingleAsync(v => v.Id == export.ModelVersionId, cancellation);
        var job = await database.TrainingJobs.AsNoTracking().SingleAsync(j => j.Id == version.JobId, cancellation);
        var dataset = await DatasetAsync(attempt, version.DatasetVersionId, job.Split, heldOutOnly: true, cancellation);
        if (dataset is null)
            return new BuiltRequest(null, Failure.Of(ErrorCodes.DatasetVersionNotReady), null);
        var checkpoint = new TrainerCheckpoint(Get(version.CheckpointKey), version.CheckpointSha256, version.CheckpointEpoch);
        var wanted = new TrainerExport(export.Format, export.Options, new TrainerExportValidation(Tolerance: 1e-3));
        return new BuiltRequest(Request(attempt, "export", version.TaskType, version.Architecture, dataset, job.Config, checkpoint, wanted), null, null);
    }

    private TrainerJobRequest Request(
        Attempt attempt, string kind, TaskType task, string model, TrainerDataset dataset, IReadOnlyDictionary<string, JsonElement> config,
        TrainerCheckpoint? checkpoint, TrainerExport? export) => new(
            "1", attempt.SubjectId, attempt.Number, kind,
            new TrainerCallback(
                new Uri(settings.PublicUrl, $"api/v1/trainer/attempts/{attempt.Id}"), tokens.Mint(attempt.Id, time.GetUtcNow() + TokenLifetime),
                settings.Heartbeat.TotalSeconds),
            JsonNamingPolicy.SnakeCaseLower.ConvertName(task.ToString()), model, dataset, config, checkpoint, export);

    /// <summary>Writes the manifest of the attempt: one line for each image of the version, with its URL and its split. The job's own split wins over that of the version.</summary>
    /// <returns>Null if the version is not ready.</returns>
    private async Task<TrainerDataset?> DatasetAsync(
        Attempt attempt, Guid versionId, SplitSettings? ownSplit, bool heldOutOnly, CancellationToken cancellation)
    {
        var version = await database.DatasetVersions.AsNoTracking().SingleOrDefaultAsync(v => v.Id == versionId, cancellation);
        if (version is not { State: DatasetVersionState.Ready })
            return null;
        var images = await database.DatasetVersionImages.AsNoTracking().Where(i => i.VersionId == versionId).OrderBy(i => i.Path).ToListAsync(cancellation);
        var splits = ownSplit is null ? images.Select(image => image.Split).ToArray() : SplitRules.Assign([.. images.Select(image => new SplitImage(image.Sha256, image.Class))], ownSplit);

        // A dataset may consist of training images only; then the exported file is compared on those.
        var leaveOut = heldOutOnly && splits.Any(split => split != Split.Train) ? Split.Train : (Split?)null;
        using var buffer = new MemoryStream();
        await using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var i = 0; i < images.Count; i++)
            {
                if (splits[i] == leaveOut)
                    continue;
                var image = images[i];
                var line = new TrainerManifestLine(
                    image.Path, stores.External.PresignGet(image.Key, InputsLifetime).Url, image.Size, image.Sha256, image.Width, image.Height,
                    image.Class, splits[i].ToString().ToLowerInvariant());
                await JsonSerializer.SerializeAsync(gzip, line, Json, cancellation);
                gzip.WriteByte((byte)'\n');
            }
        }

        var bytes = buffer.ToArray();
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        // A manifest that is built again has other URLs. The hash in the key keeps the first one for a trainer that took the first request.
        var key = $"jobs/{attempt.SubjectId}/{attempt.Number}/manifest-{sha256[..16]}.jsonl.gz";
        await stores.Internal.PutAsync(key, bytes, "application/gzip", cancellation);
        return new TrainerDataset(Get(key), sha256, [.. version.ClassCounts.Keys]);
    }

    private Uri Get(string key) => new(stores.Internal.PresignGet(key, InputsLifetime).Url);
}
