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

namespace VisionPlatform.Orchestrations.Training;

/// <summary>A request for a trainer, or why there cannot be one.</summary>
public sealed record TrainerJob(TrainerJobRequest? Request, Failure? Failure, int? ResumedFromEpoch);

/// <summary>
/// Makes what a trainer is sent for an attempt: a manifest with a presigned GET for every image, the checkpoint to go on from, and a
/// token for this attempt's callbacks. The trainer gets no storage key and no database.
/// </summary>
public sealed class TrainerJobs(
    PlatformDatabase database, ObjectStores stores, AttemptTokens tokens, TrainerSettings settings, TimeProvider time)
{
    /// <summary>How long a trainer may take to fetch its inputs, and for how long its token is good.</summary>
    private static readonly TimeSpan InputsLifetime = TimeSpan.FromHours(24);
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(30);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public Task<TrainerJob> BuildAsync(Attempt attempt, CancellationToken cancellation) => attempt.Kind switch
    {
        AttemptKind.Train => BuildTrainingAsync(attempt, cancellation),
        _ => BuildExportAsync(attempt, cancellation),
    };

    private async Task<TrainerJob> BuildTrainingAsync(Attempt attempt, CancellationToken cancellation)
    {
        var job = await database.TrainingJobs.AsNoTracking().SingleAsync(j => j.Id == attempt.SubjectId, cancellation);
        var dataset = await DatasetAsync(attempt, job.DatasetVersionId, job.Split, heldOutOnly: false, cancellation);
        if (dataset is null)
            return new TrainerJob(null, Failure.Of(ErrorCodes.DatasetVersionNotReady), null);
        var last = await database.Checkpoints.AsNoTracking().Where(c => c.JobId == job.Id)
            .OrderByDescending(c => c.Attempt).ThenByDescending(c => c.Epoch).FirstOrDefaultAsync(cancellation);
        var checkpoint = last is null ? null : new TrainerCheckpoint(Get(last.Key), last.Sha256, last.Epoch);
        return new TrainerJob(Request(attempt, "train", job.TaskType, job.Model, dataset, job.Config, checkpoint, null), null, last?.Epoch);
    }

    private async Task<TrainerJob> BuildExportAsync(Attempt attempt, CancellationToken cancellation)
    {
        var export = await database.Exports.AsNoTracking().SingleAsync(e => e.Id == attempt.SubjectId, cancellation);
        var version = await database.ModelVersions.AsNoTracking().SingleAsync(v => v.Id == export.ModelVersionId, cancellation);
        var job = await database.TrainingJobs.AsNoTracking().SingleAsync(j => j.Id == version.JobId, cancellation);
        var dataset = await DatasetAsync(attempt, version.DatasetVersionId, job.Split, heldOutOnly: true, cancellation);
        if (dataset is null)
            return new TrainerJob(null, Failure.Of(ErrorCodes.DatasetVersionNotReady), null);
        var checkpoint = new TrainerCheckpoint(Get(version.CheckpointKey), version.CheckpointSha256, version.CheckpointEpoch);
        var wanted = new TrainerExport(export.Format, export.Options, new TrainerExportValidation(Tolerance: 1e-3));
        return new TrainerJob(Request(attempt, "export", version.TaskType, version.Architecture, dataset, job.Config, checkpoint, wanted), null, null);
    }

    private TrainerJobRequest Request(
        Attempt attempt, string kind, TaskType task, string model, TrainerDataset dataset, IReadOnlyDictionary<string, JsonElement> config,
        TrainerCheckpoint? checkpoint, TrainerExport? export) => new(
            "1", attempt.SubjectId, attempt.Number, kind,
            new TrainerCallback(
                new Uri(settings.PublicUrl, $"api/v1/trainer/attempts/{attempt.Id}"), tokens.Mint(attempt.Id, time.GetUtcNow() + TokenLifetime),
                settings.Heartbeat.TotalSeconds),
            JsonNamingPolicy.SnakeCaseLower.ConvertName(task.ToString()), model, dataset, config, checkpoint, export);

    /// <summary>Writes the attempt's manifest: the version's images with their split resolved (the job's own split wins) and a URL each.</summary>
    private async Task<TrainerDataset?> DatasetAsync(
        Attempt attempt, Guid versionId, SplitSettings? ownSplit, bool heldOutOnly, CancellationToken cancellation)
    {
        var version = await database.DatasetVersions.AsNoTracking().SingleOrDefaultAsync(v => v.Id == versionId, cancellation);
        if (version is not { State: DatasetVersionState.Ready })
            return null;
        var images = await database.DatasetVersionImages.AsNoTracking().Where(i => i.VersionId == versionId).OrderBy(i => i.Path).ToListAsync(cancellation);
        var splits = ownSplit is null ? images.Select(image => image.Split).ToArray() : SplitRules.Assign(images.Select(image => (image.Path, image.Class)).ToList(), ownSplit);

        // A dataset may be all training images; then the exported file is compared on those.
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
        // Built again it has other URLs and so other bytes; a trainer that took the first request must still find the first manifest.
        var key = $"jobs/{attempt.SubjectId}/{attempt.Number}/manifest-{sha256[..16]}.jsonl.gz";
        await stores.Internal.PutAsync(key, bytes, "application/gzip", cancellation);
        return new TrainerDataset(Get(key), sha256, [.. version.ClassCounts.Keys]);
    }

    private Uri Get(string key) => new(stores.Internal.PresignGet(key, InputsLifetime).Url);
}
