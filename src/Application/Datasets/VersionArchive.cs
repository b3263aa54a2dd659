using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>
/// A version as one ZIP: <c>train/cat/1.png</c> and so on, <c>manifest.jsonl</c> with the lines that the version's hash is made of, and
/// <c>classes.txt</c>. Images are compressed already, so everything is stored. It is written as the images come from the store: in memory are the
/// list of images and a few small ones that are read ahead.
/// </summary>
public sealed class VersionArchive(PlatformDatabase database, ObjectStores stores)
{
    private const int ReadAhead = 8;

    /// <summary>A larger image is not read ahead but passed on as it comes.</summary>
    private const long LargestAhead = 1024 * 1024;

    /// <summary>What an archive will be: its length, and how to write it.</summary>
    /// <param name="Length">Bytes.</param>
    /// <param name="WriteAsync">Writes it. Fails with <see cref="ErrorCodes.StorageError"/> when an image is missing.</param>
    public sealed record Prepared(long Length, Func<Stream, CancellationToken, Task> WriteAsync);

    /// <summary>Prepares the archive of a version that is ready.</summary>
    public async Task<Prepared> PrepareAsync(DatasetVersion version, CancellationToken cancellation)
    {
        var images = await database.DatasetVersionImages.AsNoTracking().Where(image => image.VersionId == version.Id).ToListAsync(cancellation);
        images.Sort((a, b) => Manifest.PathOrder.Compare(a.Path, b.Path));
        var names = VersionArchiveNames.Of(images);
        using var manifest = new MemoryStream();
        using (var lines = new Manifest.Lines())
            await foreach (var image in database.ImagesOfVersionAsync(version, cancellation))
                manifest.Write(lines.Canonical(image).Span);
        (string Name, byte[] Content)[] lists = [("manifest.jsonl", manifest.ToArray()), ("classes.txt", Encoding.UTF8.GetBytes(string.Concat(version.ClassNames.Select(name => name + "\n"))))];
        var files = lists.Select(list => new StoredFile(list.Name, list.Content.Length)).Concat(images.Zip(names, (image, name) => new StoredFile(name, image.Size)));
        return new Prepared(StoredZip.LengthOf(files), (target, token) => StoredZip.WriteAsync(ReadAsync(lists, images, names, token), version.CreatedAt, target, token));
    }

    private async IAsyncEnumerable<(string Name, Stream Content)> ReadAsync(
        (string Name, byte[] Content)[] lists, List<DatasetVersionImage> images, IReadOnlyList<string> names, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var (name, content) in lists)
            yield return (name, new MemoryStream(content, writable: false));
        var ahead = new Queue<Task<Stream?>>(ReadAhead);
        for (var (i, next) = (0, 0); i < images.Count; i++)
        {
            for (; next < images.Count && ahead.Count < ReadAhead; next++)
                ahead.Enqueue(images[next].Size <= LargestAhead ? ReadSmallAsync(images[next], cancellation) : Task.FromResult<Stream?>(null));
            if (await ahead.Dequeue() is { } small)
            {
                yield return (names[i], small);
                continue;
            }
            await using var large = await stores.External.OpenReadAsync(images[i].Key, cancellation);
            if (large?.Info.Size != images[i].Size)
                throw Missing(images[i]);
            yield return (names[i], large.Stream);
        }
    }

    private async Task<Stream?> ReadSmallAsync(DatasetVersionImage image, CancellationToken cancellation)
    {
        var stored = await stores.External.GetBytesAsync(image.Key, image.Size, cancellation);
        return stored?.Bytes?.Length == image.Size ? new MemoryStream(stored.Bytes, writable: false) : throw Missing(image);
    }

    private static ProblemException Missing(DatasetVersionImage image) => new(ErrorCodes.StorageError, $"The image '{image.Path}' is not in the object store.");
}
