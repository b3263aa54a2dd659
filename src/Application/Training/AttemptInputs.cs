using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>
/// What a trainer reads: the manifest of the dataset version, and the images that it asks for. A URL is signed when the trainer is about to use
/// it, so a long download or an attempt that begins late never meets an expired one, and images in the trainer's cache cost nothing.
/// </summary>
public sealed class AttemptInputs(PlatformDatabase database, ObjectStores stores, DatasetLimits limits)
{
    /// <summary>How long a trainer may take until it reads the manifest or the checkpoint. It may download all images first.</summary>
    private static readonly TimeSpan FileLifetime = TimeSpan.FromHours(24);

    private static readonly TimeSpan ImageLifetime = TimeSpan.FromHours(1);

    /// <summary>Prefix of the manifests in the internal bucket that jobs and exports have for themselves. <see cref="AttemptFiles"/> removes them when these have ended.</summary>
    public const string OwnManifests = "jobs/";

    /// <summary>The job or export that has a manifest; null when the key is not that of one.</summary>
    public static Guid? HolderOf(string key) =>
        key.StartsWith(OwnManifests, StringComparison.Ordinal) && key[OwnManifests.Length..].Split('/') is [var id, .., var name] && name.StartsWith("manifest", StringComparison.Ordinal)
            && Guid.TryParseExact(id, "D", out var holder) ? holder : null;

    /// <summary>The version's own manifest; one with the splits of the job when the job divides the images itself.</summary>
    /// <param name="job">The job that trains, or trained what is exported.</param>
    /// <param name="holder">The job or export that is about to run.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>Null if the version is not ready.</returns>
    public async Task<TrainerDataset?> DatasetAsync(TrainingJob job, Guid holder, CancellationToken cancellation)
    {
        var version = await database.DatasetVersions.AsNoTracking().SingleOrDefaultAsync(row => row.Id == job.DatasetVersionId, cancellation);
        if (version is not { State: DatasetVersionState.Ready, ManifestKey: { } key })
            return null;
        var (url, sha256) = job.Split is { } split
            ? await OwnManifestAsync(holder, version, split, cancellation)
            : (stores.External.PresignGet(key, FileLifetime).Url, version.Hash);
        return new TrainerDataset(new Uri(url), sha256, version.ClassNames, limits.MaxImagePixels) { Keypoints = version.Keypoints };
    }

    /// <summary>The version's own manifest. Null if the version is not ready.</summary>
    public async Task<TrainerDataset?> DatasetAsync(Guid versionId, CancellationToken cancellation)
    {
        var version = await database.DatasetVersions.AsNoTracking().SingleOrDefaultAsync(row => row.Id == versionId, cancellation);
        return version is { State: DatasetVersionState.Ready, ManifestKey: { } key }
            ? new TrainerDataset(new Uri(stores.External.PresignGet(key, FileLifetime).Url), version.Hash, version.ClassNames, limits.MaxImagePixels) { Keypoints = version.Keypoints }
            : null;
    }

    /// <summary>A URL of a file in the internal bucket.</summary>
    public Uri Get(string key) => new(stores.Internal.PresignGet(key, FileLifetime).Url);

    /// <summary>The pretrained weights that an attempt begins with.</summary>
    public TrainerWeights Get(StartWeights weights) => new(new Uri(stores.Weights.PresignGet(weights.Key, FileLifetime).Url), weights.Sha256);

    /// <summary>URLs of images in the attempt's dataset version, in the order of the paths.</summary>
    /// <exception cref="ProblemException">The version has no image with one of these paths.</exception>
    public async Task<AttemptImages> ImagesAsync(Attempt attempt, IReadOnlyList<string> paths, CancellationToken cancellation)
    {
        var versionId = await (attempt.Kind switch
        {
            AttemptKind.Train => database.TrainingJobs.Where(job => job.Id == attempt.SubjectId).Select(job => job.DatasetVersionId),
            AttemptKind.Predict => database.Predictions.Where(row => row.Id == attempt.SubjectId).Select(row => row.DatasetVersionId),
            _ => database.Exports.Where(export => export.Id == attempt.SubjectId)
                .Join(database.ModelVersions, export => export.ModelVersionId, version => version.Id, (_, version) => version.DatasetVersionId),
        }).SingleAsync(cancellation);
        var keys = await database.DatasetVersionImages.Where(image => image.VersionId == versionId && paths.Contains(image.Path))
            .ToDictionaryAsync(image => image.Path, image => image.Key, StringComparer.Ordinal, cancellation);
        return new AttemptImages([.. paths.Select((path, index) => keys.TryGetValue(path, out var key)
            ? new AttemptImage(path, new Uri(stores.External.PresignGet(key, ImageLifetime).Url))
            : throw new ProblemException(ErrorCodes.ValidationFailed, "The dataset version has no image with this path.", $"paths[{index}]"))]);
    }

    /// <summary>
    /// Writes the manifest for a job that divides the images itself, or for an export of its model, unless an earlier attempt did. It is always the same, so its key has its hash
    /// and the rows are read once.
    /// </summary>
    private async Task<(string Url, string Sha256)> OwnManifestAsync(Guid holder, DatasetVersion version, SplitSettings split, CancellationToken cancellation)
    {
        const string Extension = ".jsonl.gz";
        var prefix = $"{OwnManifests}{holder}/manifest-";
        await foreach (var found in stores.Internal.ListAsync(prefix, cancellation))
            return (stores.Internal.PresignGet(found.Key, FileLifetime).Url, found.Key[prefix.Length..^Extension.Length]);

        var images = await database.DatasetVersionImages.AsNoTracking().Where(image => image.VersionId == version.Id)
            .Select(image => new { image.Path, image.Sha256, image.Class }).ToListAsync(cancellation);
        images.Sort((a, b) => Manifest.PathOrder.Compare(a.Path, b.Path));
        var splits = SplitRules.Assign([.. images.Select(image => new SplitImage(image.Sha256, image.Class))], split);
        using var buffer = new MemoryStream();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var lines = new Manifest.Lines();
        await using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            var number = 0;
            await foreach (var image in database.ImagesOfVersionAsync(version, cancellation))
            {
                var own = image.In(splits[number++]);
                hash.AppendData(lines.Canonical(own).Span);
                await gzip.WriteAsync(lines.Stored(own), cancellation);
            }
        }
        buffer.Position = 0;
        var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        var key = prefix + sha256 + Extension;
        await stores.Internal.PutAsync(key, buffer, "application/gzip", cancellation);
        return (stores.Internal.PresignGet(key, FileLifetime).Url, sha256);
    }
}
