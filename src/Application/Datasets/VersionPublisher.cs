using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>The version that has the published content, and whether it was created by this publish.</summary>
public sealed record PublishedVersion(DatasetVersion Version, bool IsNew);

/// <summary>
/// Freezes the present images of a dataset as a version. One transaction, under the dataset's lock, reads them, splits them, hashes the manifest
/// and copies them to the version; the same content is the same version. The version's files are written by an orchestration afterwards.
/// </summary>
public sealed class VersionPublisher(PlatformDatabase database, TimeProvider time)
{
    /// <summary>Freezes the dataset, or finds the version that has the same content. A failed one goes back to publishing.</summary>
    /// <param name="datasetId">The dataset.</param>
    /// <param name="userId">Who publishes.</param>
    /// <param name="note">Free text about the version.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="source">Who decides the splits.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.ValidationFailed"/> when splits are to be as given and none is, <see cref="ErrorCodes.DatasetEmpty"/>,
    /// <see cref="ErrorCodes.DatasetSingleClass"/>.</exception>
    public async Task<PublishedVersion> PublishAsync(Guid datasetId, Guid userId, string? note, CancellationToken cancellation, SplitSource source = SplitSource.Ratios)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.RequireLiveProjectOfDatasetAsync(datasetId, cancellation);
        // Everything that changes the images of a dataset (completing uploads, removing an image) updates this row first, and another publish locks
        // it too. So after this lock every statement sees the same images, and no image that is frozen here can lose its object.
        var dataset = await database.Datasets
            .FromSql($"SELECT *, xmin FROM datasets WHERE id = {datasetId} AND deleted_at IS NULL FOR UPDATE").AsNoTracking().SingleOrDefaultAsync(cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound);
        var (images, warnings) = await FreezeAsync(dataset, source, cancellation);
        var hash = Manifest.Hash(images);

        if (await database.DatasetVersions.SingleOrDefaultAsync(version => version.DatasetId == datasetId && version.Hash == hash, cancellation) is { } same)
        {
            if (same.State == DatasetVersionState.Failed)
            {
                (same.State, same.Error) = (DatasetVersionState.Publishing, null);
                await database.SaveChangesAsync(cancellation);
            }
            await transaction.CommitAsync(cancellation);
            return new PublishedVersion(same, IsNew: false);
        }

        var version = new DatasetVersion
        {
            DatasetId = datasetId,
            Number = 1 + (await database.DatasetVersions.Where(other => other.DatasetId == datasetId).MaxAsync(other => (int?)other.Number, cancellation) ?? 0),
            Hash = hash,
            ImageCount = images.Count,
            SizeBytes = images.Sum(image => image.Size),
            ClassCounts = CountClasses(images),
            SplitCounts = new SplitCounts(images.Count(image => image.Split == Split.Train), images.Count(image => image.Split == Split.Val), images.Count(image => image.Split == Split.Test)),
            Warnings = warnings,
            Note = note,
            CreatedBy = userId,
            CreatedAt = time.GetUtcNow(),
        };
        database.DatasetVersions.Add(version);
        await database.SaveChangesAsync(cancellation);
        await CopyAsync(version.Id, images, cancellation);
        await transaction.CommitAsync(cancellation);
        return new PublishedVersion(version, IsNew: true);
    }

    /// <summary>The images as the version will hold them, in manifest order. A classification version leaves out images without a class.</summary>
    private async Task<(IReadOnlyList<DatasetVersionImage> Images, IReadOnlyList<SplitWarning> Warnings)> FreezeAsync(Dataset dataset, SplitSource source, CancellationToken cancellation)
    {
        var byClass = dataset.TaskType == TaskType.ImageClassification;
        var images = await database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == dataset.Id && (!byClass || image.Class != null)).ToListAsync(cancellation);
        if (images.Count == 0)
            throw new ProblemException(ErrorCodes.DatasetEmpty, byClass ? "The dataset has no images with a class." : null);
        // Images that were added before classes were compared by CaseFold may spell one class in two ways.
        var spellings = ClassName.Spellings(images.OrderBy(image => image.Id).Select(image => image.Class).OfType<string>());
        if (byClass && spellings.Count == 1)
            throw new ProblemException(ErrorCodes.DatasetSingleClass, $"Every image is of the class '{images[0].Class}'.");

        images.Sort((a, b) => Manifest.PathOrder.Compare(a.Path, b.Path));
        SplitImage[] contents = [.. images.Select(image => new SplitImage(image.Sha256, image.Class is { } name ? spellings[name] : null))];
        Split?[] given = [.. images.Select(image => source == SplitSource.AsGiven ? image.Split : null)];
        if (source == SplitSource.AsGiven && given.All(split => split is null))
            throw new ProblemException(ErrorCodes.ValidationFailed, "No image of the dataset was given to a split. Publish with splits=ratios, or upload with a split.", "splits");
        var splits = SplitRules.Assign(contents, given, dataset.Split);
        DatasetVersionImage[] frozen = [.. images.Select((image, i) => new DatasetVersionImage
        {
            VersionId = Guid.Empty, Path = image.Path, Key = image.Key, Class = contents[i].Class, Split = splits[i],
            Size = image.Size, Sha256 = image.Sha256, Width = image.Width, Height = image.Height,
        })];
        SplitWarning[] moved = SplitWarnings.OfMoved(contents, given, splits) is { } warning ? [warning] : [];
        return (frozen, [.. SplitWarnings.Of(contents, splits, dataset.Split), .. moved]);
    }

    private async Task CopyAsync(Guid versionId, IReadOnlyList<DatasetVersionImage> images, CancellationToken cancellation)
    {
        var connection = (NpgsqlConnection)database.Database.GetDbConnection();
        await using var writer = await connection.BeginBinaryImportAsync(
            "COPY dataset_version_images (version_id, path, key, class, split, size, sha256, width, height) FROM STDIN (FORMAT binary)", cancellation);
        foreach (var image in images)
        {
            await writer.StartRowAsync(cancellation);
            await writer.WriteAsync(versionId, NpgsqlDbType.Uuid, cancellation);
            await writer.WriteAsync(image.Path, NpgsqlDbType.Text, cancellation);
            await writer.WriteAsync(image.Key, NpgsqlDbType.Text, cancellation);
            if (image.Class is null)
                await writer.WriteNullAsync(cancellation);
            else
                await writer.WriteAsync(image.Class, NpgsqlDbType.Text, cancellation);
            await writer.WriteAsync(image.Split.ToString().ToLowerInvariant(), NpgsqlDbType.Text, cancellation);
            await writer.WriteAsync(image.Size, NpgsqlDbType.Bigint, cancellation);
            await writer.WriteAsync(image.Sha256, NpgsqlDbType.Text, cancellation);
            await writer.WriteAsync(image.Width, NpgsqlDbType.Integer, cancellation);
            await writer.WriteAsync(image.Height, NpgsqlDbType.Integer, cancellation);
        }
        await writer.CompleteAsync(cancellation);
    }

    private static SortedDictionary<string, int> CountClasses(IEnumerable<DatasetVersionImage> images)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var image in images)
            if (image.Class is { } name)
                counts[name] = counts.GetValueOrDefault(name) + 1;
        return counts;
    }
}
