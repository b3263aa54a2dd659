using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Import;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Import;

/// <summary>
/// Images. Each object is read once, checked by content as an upload is, and stored under the key of its hash with a thumbnail. The id of an image
/// follows from its old id, so an import that is repeated stores nothing beside it.
/// </summary>
/// <param name="work">The batch.</param>
/// <param name="datasets">The other system's datasets, of which some mean a class by a folder.</param>
/// <param name="objects">The other system's bucket; null when none was given, and then no image can be imported.</param>
/// <param name="stores">Where images are kept here.</param>
/// <param name="inspector">Checks files.</param>
/// <param name="limits">How large an image may be.</param>
internal sealed class ImageImport(ImportWork work, FoundTable? datasets, ObjectStore? objects, ObjectStores stores, ImageInspector inspector, DatasetLimits limits) : IRowImport
{
    /// <summary>Objects read at once.</summary>
    private const int Parallelism = 8;

    private const string ImageFolders = "imagefolder";

    public async Task ImportAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        var known = await work.FindAsync(ImportKinds.Images, rows.Select(row => row.Id), cancellation);
        OldRow[] open = [.. rows.Where(row => !known.ContainsKey(row.Id))];
        var parents = await work.FindAsync(ImportKinds.Datasets, open.Select(row => row.Text("dataset")), cancellation);
        var wanted = new List<(OldRow Row, Guid Dataset, string Path)>();
        foreach (var row in open)
        {
            var path = CaseFold.Composed(row.Text("path") ?? "");
            if (row.Text("dataset") is not { } dataset || !parents.TryGetValue(dataset, out var datasetId))
                work.Leave(row, $"The image was not imported: its dataset {row.Text("dataset")} was not.");
            else if (ImagePath.Problem(path) is { } problem)
                work.Leave(row, $"The image was not imported: {problem}");
            else if (objects is null)
                work.Leave(row, $"The image was not imported: no bucket was given that has {row.Text("key")} (--objects).");
            else if (row.Text("key") is null)
                work.Leave(row, "The image was not imported: it has no key.");
            else
                wanted.Add((row, datasetId, path));
        }
        await work.SaveAsync(work.Platform, [.. rows.Except(wanted.Select(image => image.Row))], cancellation);
        var inFolders = await DatasetsOfFoldersAsync(wanted.Select(image => image.Row), cancellation);
        foreach (var group in wanted.GroupBy(image => image.Dataset))
            await ImportAsync(group.Key, inFolders.Contains(group.First().Row.Text("dataset")!), [.. group.Select(image => (image.Row, image.Path))], cancellation);
    }

    /// <summary>The datasets in which a folder is a class.</summary>
    private async Task<HashSet<string>> DatasetsOfFoldersAsync(IEnumerable<OldRow> images, CancellationToken cancellation)
    {
        if (datasets is not { Key: [var key] } || work.Mapping.Tables.GetValueOrDefault(ImportKinds.Datasets)?.Columns.GetValueOrDefault("format") is null)
            return [];
        var found = await OriginalReader.LookUpAsync(datasets, key.Column, [.. images.Select(image => image.Text("dataset")!).Distinct()], cancellation);
        return [.. found.Where(row => string.Equals(row.Text("format"), ImageFolders, StringComparison.OrdinalIgnoreCase)).Select(row => row.Id)];
    }

    private async Task ImportAsync(Guid dataset, bool inFolders, IReadOnlyList<(OldRow Row, string Path)> wanted, CancellationToken cancellation)
    {
        OldRow[] batch = [.. wanted.Select(image => image.Row)];
        var ready = await WithoutTakenPathsAsync(dataset, wanted, cancellation);
        var images = new ConcurrentBag<(OldRow Row, DatasetImage Image)>();
        var problems = new ConcurrentBag<(OldRow Row, string Reason)>();
        var creator = await work.Platform.Datasets.Where(one => one.Id == dataset).Select(one => one.CreatedBy).FirstOrDefaultAsync(cancellation);
        await Parallel.ForEachAsync(ready, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (one, token) =>
        {
            var (image, problem) = await CopyAsync(dataset, inFolders, creator, one.Row, one.Path, token);
            if (image is not null)
                images.Add((one.Row, image));
            else if (problem is not null)
                problems.Add((one.Row, problem));
        });
        foreach (var (row, reason) in problems)
            work.Leave(row, $"The image was not imported: {reason}");
        if (work.IsDryRun)
        {
            foreach (var (row, image) in images)
                work.Add(work.Platform, image, row, image.Id);
            await work.SaveAsync(work.Platform, batch, cancellation);
            return;
        }
        await StoreAsync(dataset, [.. images.OrderBy(image => image.Row.Id, StringComparer.Ordinal)], batch, cancellation);
    }

    private async Task StoreAsync(Guid dataset, IReadOnlyList<(OldRow Row, DatasetImage Image)> images, IReadOnlyList<OldRow> batch, CancellationToken cancellation)
    {
        await using var transaction = await work.Platform.Database.BeginTransactionAsync(cancellation);
        if (!await IsLiveAsync(dataset, cancellation))
        {
            foreach (var (row, _) in images)
                work.Leave(row, "The image was not imported: its dataset was deleted here.");
            await work.SaveAsync(work.Platform, batch, cancellation);
            await transaction.CommitAsync(cancellation);
            return;
        }
        if ((await work.Platform.PathsInTheWayAsync(dataset, [.. images.Select(image => image.Image.Path)], cancellation)).Count > 0)
            throw new IOException("images were uploaded to the dataset meanwhile; the batch begins anew");
        var spellings = await work.Platform.ClassSpellingsAsync(dataset, images.Select(image => image.Image.Class).OfType<string>(), cancellation);
        foreach (var (row, image) in images)
        {
            image.Class = image.Class is { } name ? spellings[name] : null;
            work.Add(work.Platform, image, row, image.Id);
        }
        await work.SaveAsync(work.Platform, batch, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    // Locks the dataset, as VersionPublisher explains.
    private async Task<bool> IsLiveAsync(Guid dataset, CancellationToken cancellation)
    {
        try
        {
            await work.Platform.RequireLiveProjectOfDatasetAsync(dataset, cancellation);
        }
        catch (ProblemException)
        {
            return false;
        }
        return await work.Platform.Datasets.Where(one => one.Id == dataset && one.DeletedAt == null).ExecuteUpdateAsync(set => set.SetProperty(one => one.UpdatedAt, work.Now), cancellation) > 0;
    }

    /// <summary>Leaves out images whose path another image has, or that cannot be beside another.</summary>
    private async Task<List<(OldRow Row, string Path)>> WithoutTakenPathsAsync(Guid dataset, IReadOnlyList<(OldRow Row, string Path)> wanted, CancellationToken cancellation)
    {
        string[] folded = [.. wanted.Select(image => CaseFold.Of(image.Path))];
        var taken = (await work.Platform.DatasetImages.Where(image => image.DatasetId == dataset && folded.Contains(image.FoldedPath)).Select(image => image.FoldedPath).ToListAsync(cancellation)).ToHashSet(StringComparer.Ordinal);
        var free = new List<(OldRow Row, string Path)>();
        foreach (var (image, path) in wanted.Zip(folded))
        {
            if (taken.Add(path))
                free.Add(image);
            else
                work.Leave(image.Row, $"The image was not imported: the dataset has an image '{image.Path}' already.");
        }
        var inTheWay = await work.Platform.PathsInTheWayAsync(dataset, [.. free.Select(image => image.Path)], cancellation);
        foreach (var image in free.Where(image => inTheWay.ContainsKey(image.Path)))
            work.Leave(image.Row, $"The image was not imported: '{image.Path}' cannot be beside '{inTheWay[image.Path]}', as one of them needs a folder where the other is.");
        free.RemoveAll(image => inTheWay.ContainsKey(image.Path));
        return free;
    }

    private async Task<(DatasetImage? Image, string? Problem)> CopyAsync(Guid dataset, bool inFolders, Guid creator, OldRow row, string path, CancellationToken cancellation)
    {
        var key = row.Text("key")!;
        var id = IdOf(row);
        if (work.IsDryRun)
        {
            var head = await objects!.HeadAsync(key, cancellation);
            return head is null ? (null, Missing(key)) : head.Size > limits.MaxImageBytes ? (null, TooLarge(head.Size)) : (Image(dataset, inFolders, creator, row, path, id, "", new ImageFacts(default, 0, 0), head.Size), null);
        }
        if (await objects!.GetBytesAsync(key, limits.MaxImageBytes, cancellation) is not { } stored)
            return (null, Missing(key));
        if (stored.Bytes is not { } bytes)
            return (null, TooLarge(stored.Info.Size));
        var seen = await inspector.InspectAsync(bytes, cancellation);
        if (seen.Defect is not null)
            return (null, seen.Detail);
        var image = Image(dataset, inFolders, creator, row, path, id, Convert.ToHexStringLower(SHA256.HashData(bytes)), seen.Facts!, bytes.Length);
        await stores.External.PutAsync(image.Key, bytes, image.ContentType, cancellation);
        await stores.External.PutAsync(image.ThumbnailKey!, seen.Thumbnail, "image/jpeg", cancellation);
        return (image, null);

        static string Missing(string key) => $"the bucket has no object {key}.";
        string TooLarge(long size) => $"it has {size} bytes, and {limits.MaxImageBytes} are allowed (DATASET_MAX_IMAGE_MB).";
    }

    private DatasetImage Image(Guid dataset, bool inFolders, Guid creator, OldRow row, string path, Guid id, string sha256, ImageFacts facts, long size)
    {
        var key = DatasetKeys.Image(dataset, id, sha256);
        var folder = inFolders ? ImagePath.ClassOf(path) : null;
        return new DatasetImage
        {
            Id = id, DatasetId = dataset, Path = path, Key = key, ThumbnailKey = DatasetKeys.Thumbnail(dataset, key), Class = ClassName.Problem(folder) is null ? folder : null,
            ContentType = facts.ContentType, Size = size, Sha256 = sha256, Width = facts.Width, Height = facts.Height, CreatedBy = creator, CreatedAt = row.Time("createdAt") ?? work.Now,
        };
    }

    /// <summary>A version 7 UUID: the time at which the image was made there, and the hash of its old id.</summary>
    private Guid IdOf(OldRow row)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{work.Mapping.System}\n{ImportKinds.Images}\n{row.Id}"));
        var bytes = Guid.CreateVersion7(row.Time("createdAt") ?? DateTimeOffset.UnixEpoch).ToByteArray(bigEndian: true);
        (bytes[6], bytes[7], bytes[8]) = ((byte)(0x70 | (hash[0] & 0x0F)), hash[1], (byte)(0x80 | (hash[2] & 0x3F)));
        hash.AsSpan(3, 7).CopyTo(bytes.AsSpan(9));
        return new Guid(bytes, bigEndian: true);
    }
}
