using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>Reads the images of a version with what a manifest says of them.</summary>
internal static class VersionImages
{
    /// <summary>Images whose annotations are read together when the database cannot order them.</summary>
    private const int Batch = 500;

    /// <summary>
    /// The images in manifest order, which is by UTF-16 units, with their annotations. The database orders by code points: that is the same unless a path
    /// has characters beyond U+FFFF, and then all are sorted here.
    /// </summary>
    public static async IAsyncEnumerable<DatasetVersionImage> ImagesOfVersionAsync(
        this PlatformDatabase database, DatasetVersion version, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var images = database.DatasetVersionImages.AsNoTracking().Where(image => image.VersionId == version.Id);
        var annotated = version.AnnotationClasses.Count > 0;
        if (await HasCharactersBeyondAsync(database, version.Id, cancellation))
        {
            var all = await images.ToListAsync(cancellation);
            all.Sort((a, b) => Manifest.PathOrder.Compare(a.Path, b.Path));
            foreach (var batch in all.Chunk(Batch))
                foreach (var image in annotated ? await WithAnnotationsAsync(database, version.Id, batch, cancellation) : batch)
                    yield return image;
            yield break;
        }
        var ordered = images.OrderBy(image => EF.Functions.Collate(image.Path, "C"));
        if (!annotated)
        {
            await foreach (var image in ordered.AsAsyncEnumerable().WithCancellation(cancellation))
                yield return image;
            yield break;
        }
        var joined = from image in images
                     join annotations in database.VersionAnnotations on new { image.VersionId, image.Path } equals new { annotations.VersionId, annotations.Path }
                     orderby EF.Functions.Collate(image.Path, "C")
                     select new { Image = image, annotations.Content };
        await foreach (var row in joined.AsAsyncEnumerable().WithCancellation(cancellation))
            yield return row.Image.With(row.Content);
    }

    private static Task<bool> HasCharactersBeyondAsync(PlatformDatabase database, Guid versionId, CancellationToken cancellation) => database.Database.SqlQuery<bool>(
        $"""SELECT EXISTS (SELECT FROM dataset_version_images WHERE version_id = {versionId} AND path ~ '[\U00010000-\U0010FFFF]') AS "Value" """).SingleAsync(cancellation);

    private static async Task<IEnumerable<DatasetVersionImage>> WithAnnotationsAsync(
        PlatformDatabase database, Guid versionId, DatasetVersionImage[] images, CancellationToken cancellation)
    {
        var paths = images.Select(image => image.Path).ToArray();
        var contents = await database.VersionAnnotations.Where(row => row.VersionId == versionId && paths.Contains(row.Path))
            .Select(row => new { row.Path, row.Content }).ToDictionaryAsync(row => row.Path, row => row.Content, StringComparer.Ordinal, cancellation);
        return images.Select(image => image.With(contents[image.Path]));
    }
}
