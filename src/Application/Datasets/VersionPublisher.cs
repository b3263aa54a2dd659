using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
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
    /// <summary>Images whose annotations are in memory at once.</summary>
    private const int AnnotationsAtOnce = 500;

    /// <summary>What a manifest says of an image without a label, so that trainers read it as any other.</summary>
    private const string NoObjects = "[]";

    /// <summary>Freezes the dataset, or finds the version that has the same content. A failed one goes back to publishing.</summary>
    /// <param name="datasetId">The dataset.</param>
    /// <param name="userId">Who publishes.</param>
    /// <param name="note">Free text about the version.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="source">Who decides the splits.</param>
    /// <param name="annotatedOnly">Whether to leave out images that were never annotated; otherwise they are an error. Means nothing for a classification.</param>
    /// <param name="unlabeledOnly">Whether to freeze only the images that nobody has labeled, to predict them.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.ValidationFailed"/> when splits are to be as given and none is, <see cref="ErrorCodes.DatasetEmpty"/>,
    /// <see cref="ErrorCodes.DatasetSingleClass"/>, <see cref="ErrorCodes.DatasetNotAnnotated"/>.</exception>
    public async Task<PublishedVersion> PublishAsync(
        Guid datasetId, Guid userId, string? note, CancellationToken cancellation, SplitSource source = SplitSource.Ratios, bool annotatedOnly = false, bool unlabeledOnly = false)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.RequireLiveProjectOfDatasetAsync(datasetId, cancellation);
        // Everything that changes the images of a dataset (completing uploads, removing an image) updates this row first, and another publish locks
        // it too. So after this lock every statement sees the same images, and no image that is frozen here can lose its object.
        var dataset = await database.Datasets
            .FromSql($"SELECT *, xmin FROM datasets WHERE id = {datasetId} AND deleted_at IS NULL FOR UPDATE").AsNoTracking().SingleOrDefaultAsync(cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound);
        var frozen = await (unlabeledOnly ? FreezeUnlabeledAsync(dataset, cancellation) : FreezeAsync(dataset, source, annotatedOnly, cancellation));
        var hash = frozen.Objects is null ? Manifest.Hash(frozen.Images(Guid.Empty)) : await HashAsync(frozen, cancellation);

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
            Unlabeled = unlabeledOnly,
            ImageCount = frozen.Rows.Count,
            SizeBytes = frozen.Rows.Sum(row => row.Size),
            ClassCounts = frozen.Objects?.ImageCounts() ?? CountClasses(frozen.Rows),
            AnnotationClasses = frozen.Objects is null ? [] : dataset.Classes,
            ObjectCounts = frozen.Objects?.ObjectCounts(dataset.Classes, frozen.Splits) ?? new Dictionary<string, SplitCounts>(),
            Keypoints = dataset.Keypoints,
            SplitCounts = new SplitCounts(frozen.Splits.Count(split => split == Split.Train), frozen.Splits.Count(split => split == Split.Val), frozen.Splits.Count(split => split == Split.Test)),
            Warnings = frozen.Warnings,
            Note = note,
            CreatedBy = userId,
            CreatedAt = time.GetUtcNow(),
        };
        database.DatasetVersions.Add(version);
        await database.SaveChangesAsync(cancellation);
        await CopyAsync(frozen.Images(version.Id), cancellation);
        if (frozen.Objects is not null)
            await CopyAnnotationsAsync(version, cancellation);
        await transaction.CommitAsync(cancellation);
        return new PublishedVersion(version, IsNew: true);
    }

    /// <summary>The images as the version will hold them. A classification version leaves out images without a class.</summary>
    private async Task<FrozenImages> FreezeAsync(Dataset dataset, SplitSource source, bool annotatedOnly, CancellationToken cancellation)
    {
        var byClass = !dataset.TaskType.HasAnnotations();
        var (rows, oldest) = await ReadAsync(dataset.Id, byClass, cancellation);
        if (rows.Count == 0)
            throw new ProblemException(ErrorCodes.DatasetEmpty, byClass ? "The dataset has no images with a class." : null);
        // Images that were added before classes were compared by CaseFold may spell one class in two ways.
        var spellings = ClassName.Spellings(oldest.OrderBy(one => one.Value).Select(one => one.Key));
        if (byClass && spellings.Count == 1)
            throw new ProblemException(ErrorCodes.DatasetSingleClass, $"Every image is of the class '{rows[0].Class}'.");

        rows.Sort((a, b) => Manifest.PathOrder.Compare(a.Path, b.Path));
        var objects = byClass ? null : await ObjectsAsync(dataset, rows, annotatedOnly, cancellation);
        var contents = new SplitImage[rows.Count];
        var given = new Split?[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            rows[i] = rows[i] with { Class = rows[i].Class is { } name ? spellings[name] : null };
            contents[i] = new SplitImage(rows[i].Sha256, rows[i].Class);
            given[i] = source == SplitSource.AsGiven ? rows[i].Given : null;
        }
        if (source == SplitSource.AsGiven && Array.TrueForAll(given, split => split is null))
            throw new ProblemException(ErrorCodes.ValidationFailed, "No image of the dataset was given to a split. Publish with splits=ratios, or upload with a split.", "splits");
        var splits = SplitRules.Assign(contents, given, dataset.Split);
        SplitWarning[] moved = SplitWarnings.OfMoved(contents, given, splits) is { } warning ? [warning] : [];
        return new FrozenImages(dataset.Id, rows, splits, [.. SplitWarnings.Of(contents, splits, dataset.Split, objects?.ImageCounts(dataset.Classes, splits)), .. moved], objects);
    }

    /// <summary>The images that nobody has labeled. Their splits mean nothing, and there is nothing to warn of.</summary>
    private async Task<FrozenImages> FreezeUnlabeledAsync(Dataset dataset, CancellationToken cancellation)
    {
        var annotated = dataset.TaskType.HasAnnotations();
        if (annotated && dataset.Classes.Count == 0)
            throw new ProblemException(ErrorCodes.ValidationFailed, "The dataset has no classes that a model could find. Add them first.", "unlabeledOnly");
        var (rows, _) = await ReadAsync(dataset.Id, withClass: false, cancellation);
        var labeled = annotated ? await FrozenObjects.ReadAsync(database, dataset.Id, cancellation) : [];
        rows.RemoveAll(row => row.Class is not null || labeled.ContainsKey(row.Id));
        if (rows.Count == 0)
            throw new ProblemException(ErrorCodes.DatasetEmpty, "Every image of the dataset is labeled.");
        rows.Sort((a, b) => Manifest.PathOrder.Compare(a.Path, b.Path));
        return new FrozenImages(dataset.Id, rows, [.. rows.Select(_ => Split.Test)], [], annotated ? new FrozenObjects([.. rows.Select(_ => Array.Empty<ClassObjects>())]) : null);
    }

    /// <summary>What the images show, in the order of the rows. Images that were never annotated are left out of the rows, if that is wanted.</summary>
    private async Task<FrozenObjects> ObjectsAsync(Dataset dataset, List<FrozenRow> rows, bool annotatedOnly, CancellationToken cancellation)
    {
        var found = await FrozenObjects.ReadAsync(database, dataset.Id, cancellation);
        var missing = rows.FindIndex(row => !found.ContainsKey(row.Id));
        if (missing >= 0 && !annotatedOnly)
            throw new ProblemException(
                ErrorCodes.DatasetNotAnnotated, $"{rows.Count(row => !found.ContainsKey(row.Id))} of {rows.Count} images were never annotated, among them '{rows[missing].Path}'.");
        rows.RemoveAll(row => !found.ContainsKey(row.Id));
        if (found.Values.All(objects => objects.Length == 0))
            throw new ProblemException(ErrorCodes.DatasetEmpty, rows.Count == 0 ? "No image of the dataset was annotated." : "No image of the dataset has an object.");
        return new FrozenObjects([.. rows.Select(row => found[row.Id])]);
    }

    /// <summary>The hash of a manifest with annotations, which are read a few at a time.</summary>
    private async Task<string> HashAsync(FrozenImages frozen, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var lines = new Manifest.Lines();
        foreach (var batch in frozen.Images(Guid.Empty).Zip(frozen.Rows, (image, row) => (Image: image, row.Id)).Chunk(AnnotationsAtOnce))
        {
            var ids = batch.Select(one => one.Id).ToArray();
            var contents = await database.ImageAnnotations.Where(row => ids.Contains(row.ImageId)).Select(row => new { row.ImageId, row.Content }).ToDictionaryAsync(row => row.ImageId, row => row.Content, cancellation);
            foreach (var (image, id) in batch)
                hash.AppendData(lines.Canonical(image.With(contents.GetValueOrDefault(id, NoObjects))).Span);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private Task<int> CopyAnnotationsAsync(DatasetVersion version, CancellationToken cancellation) => version.Unlabeled
        ? database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO dataset_version_annotations (version_id, path, content, class_names, class_objects)
            SELECT version_id, path, {NoObjects}, ARRAY[]::text[], ARRAY[]::int[] FROM dataset_version_images WHERE version_id = {version.Id}
            """, cancellation)
        : database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO dataset_version_annotations (version_id, path, content, class_names, class_objects)
            SELECT {version.Id}, i.path, a.content, a.class_names, a.class_objects FROM image_annotations a JOIN dataset_images i ON i.id = a.image_id WHERE a.dataset_id = {version.DatasetId}
            """, cancellation);

    /// <summary>The images of a dataset, and for each spelling of a class its oldest image.</summary>
    private async Task<(List<FrozenRow> Rows, Dictionary<string, Guid> Oldest)> ReadAsync(Guid datasetId, bool withClass, CancellationToken cancellation)
    {
        // A list that grows to 100,000 rows leaves copies of 10 MB behind.
        var (rows, oldest) = (new List<FrozenRow>(await database.DatasetImages.CountAsync(image => image.DatasetId == datasetId, cancellation)), new Dictionary<string, Guid>(StringComparer.Ordinal));
        // One string for each class, not one for each image.
        var names = oldest.GetAlternateLookup<ReadOnlySpan<char>>();
        await using var read = new NpgsqlCommand(
            "SELECT id, path, key, class, size, sha256, width, height, split FROM dataset_images WHERE dataset_id = $1 AND (class IS NOT NULL OR NOT $2)",
            (NpgsqlConnection)database.Database.GetDbConnection()) { Parameters = { new() { Value = datasetId }, new() { Value = withClass } } };
        await using var reader = await read.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var (id, key, name, sha256) = (reader.GetGuid(0), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetString(5));
            if (name is not null && names.TryGetValue(name, out var known, out var first))
            {
                name = known;
                if (id.CompareTo(first) < 0)
                    oldest[name] = id;
            }
            else if (name is not null)
                oldest.Add(name, id);
            rows.Add(new FrozenRow(id, reader.GetString(1), key == DatasetKeys.Image(datasetId, id, sha256) ? null : key, name, reader.GetInt64(4), sha256, reader.GetInt32(6), reader.GetInt32(7),
                reader.IsDBNull(8) ? null : Enum.Parse<Split>(reader.GetString(8), ignoreCase: true)));
        }
        return (rows, oldest);
    }

    private async Task CopyAsync(IEnumerable<DatasetVersionImage> images, CancellationToken cancellation)
    {
        var connection = (NpgsqlConnection)database.Database.GetDbConnection();
        await using var writer = await connection.BeginBinaryImportAsync(
            "COPY dataset_version_images (version_id, path, key, class, split, size, sha256, width, height) FROM STDIN (FORMAT binary)", cancellation);
        foreach (var image in images)
        {
            await writer.StartRowAsync(cancellation);
            await writer.WriteAsync(image.VersionId, NpgsqlDbType.Uuid, cancellation);
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

    private static SortedDictionary<string, int> CountClasses(IEnumerable<FrozenRow> images)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var image in images)
            if (image.Class is { } name)
                counts[name] = counts.GetValueOrDefault(name) + 1;
        return counts;
    }

    /// <summary>What a version keeps of an image, without what is the same for all or follows from the rest.</summary>
    /// <param name="Id">Id of the image.</param>
    /// <param name="Path">Path in the dataset.</param>
    /// <param name="OtherKey">The key, if it is another than <see cref="DatasetKeys.Image"/> says.</param>
    /// <param name="Class">The class; one string for all images of a class.</param>
    /// <param name="Size">Bytes.</param>
    /// <param name="Sha256">Lower-case hex.</param>
    /// <param name="Width">Pixels.</param>
    /// <param name="Height">Pixels.</param>
    private readonly record struct FrozenRow(Guid Id, string Path, string? OtherKey, string? Class, long Size, string Sha256, int Width, int Height, Split? Given);

    /// <summary>All images of a version in manifest order: about 350 bytes each in memory.</summary>
    private sealed record FrozenImages(Guid DatasetId, List<FrozenRow> Rows, Split[] Splits, IReadOnlyList<SplitWarning> Warnings, FrozenObjects? Objects)
    {
        /// <summary>The rows of the version, made one by one.</summary>
        public IEnumerable<DatasetVersionImage> Images(Guid versionId)
        {
            for (var i = 0; i < Rows.Count; i++)
            {
                var row = Rows[i];
                yield return new DatasetVersionImage
                {
                    VersionId = versionId, Path = row.Path, Key = row.OtherKey ?? DatasetKeys.Image(DatasetId, row.Id, row.Sha256), Class = row.Class, Split = Splits[i],
                    Size = row.Size, Sha256 = row.Sha256, Width = row.Width, Height = row.Height,
                };
            }
        }
    }
}
