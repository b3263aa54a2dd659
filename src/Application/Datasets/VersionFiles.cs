using System.Globalization;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>
/// The files of a version in the datasets bucket: <c>manifest.jsonl.gz</c> (see <see cref="Manifest"/>) and <c>annotations.json</c>, a full
/// copy of the annotations in the platform's DICE format 1.1. Both can be made again from the version's rows at any time.
/// </summary>
public sealed class VersionFiles(PlatformDatabase database, ObjectStores stores)
{
    /// <summary>Bytes that are collected before they are compressed or sent on.</summary>
    private const int Buffer = 64 * 1024;

    /// <summary>
    /// Writes both files and returns the key of the manifest. Rows are read once and go to both files and the hash as they come; no file is finished
    /// before the hash is right.
    /// </summary>
    /// <exception cref="InvalidDataException">The rows no longer match the version's hash.</exception>
    public async Task<string> WriteAsync(DatasetVersion version, CancellationToken cancellation)
    {
        var dataset = await database.Datasets.AsNoTracking().SingleAsync(row => row.Id == version.DatasetId, cancellation);
        var manifestKey = DatasetKeys.VersionManifest(version.DatasetId, version.Number);
        var (manifest, annotations) = (new Pipe(), new Pipe());
        var puts = Task.WhenAll(
            PutAsync(manifestKey, "application/gzip", manifest.Reader, cancellation),
            PutAsync(DatasetKeys.VersionAnnotations(version.DatasetId, version.Number), "application/json", annotations.Reader, cancellation));
        Exception? failure = null;
        try
        {
            await WriteAsync(dataset, version, manifest.Writer.AsStream(leaveOpen: true), annotations.Writer.AsStream(leaveOpen: true), cancellation);
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
        finally
        {
            // With a failure the puts end with it, and store nothing.
            await manifest.Writer.CompleteAsync(failure);
            await annotations.Writer.CompleteAsync(failure);
            await puts.ConfigureAwait(failure is null ? ConfigureAwaitOptions.ContinueOnCapturedContext : ConfigureAwaitOptions.SuppressThrowing);
        }
        return manifestKey;
    }

    private async Task PutAsync(string key, string contentType, PipeReader reader, CancellationToken cancellation)
    {
        try
        {
            await stores.External.PutAsync(key, reader.AsStream(leaveOpen: true), contentType, cancellation, ObjectStore.SmallestPart);
            await reader.CompleteAsync();
        }
        catch (Exception failure)
        {
            // What is written from now on is dropped, so that the writer comes to its end.
            await reader.CompleteAsync(failure);
            throw;
        }
    }

    private async Task WriteAsync(Dataset dataset, DatasetVersion version, Stream manifest, Stream annotations, CancellationToken cancellation)
    {
        await using var gzip = new GZipStream(manifest, CompressionLevel.Optimal, leaveOpen: true);
        await using var packed = new BufferedStream(gzip, Buffer);
        await using var json = new Utf8JsonWriter(annotations, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var lines = new Manifest.Lines();
        var classIds = version.ClassCounts.Keys.Select((name, id) => (name, id)).ToDictionary(pair => pair.name, pair => pair.id, StringComparer.Ordinal);
        WriteHead(json, dataset, version, classIds);
        var number = 0;
        await foreach (var image in ImagesAsync(version.Id).WithCancellation(cancellation))
        {
            hash.AppendData(lines.Canonical(image).Span);
            await packed.WriteAsync(lines.Stored(image), cancellation);
            WriteImage(json, ++number, image, classIds);
            if (json.BytesPending > Buffer)
                await json.FlushAsync(cancellation);
        }
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) is var found && found != version.Hash)
            throw new InvalidDataException($"The images of dataset version {version.Id} hash to {found}, not to {version.Hash}.");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// The images in manifest order, which is by UTF-16 units. The database orders by code points: that is the same unless a path has characters beyond
    /// U+FFFF, and then all are sorted here.
    /// </summary>
    private async IAsyncEnumerable<DatasetVersionImage> ImagesAsync(Guid versionId, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var images = database.DatasetVersionImages.AsNoTracking().Where(image => image.VersionId == versionId);
        var beyond = await database.Database.SqlQuery<bool>(
            $"""SELECT EXISTS (SELECT FROM dataset_version_images WHERE version_id = {versionId} AND path ~ '[\U00010000-\U0010FFFF]') AS "Value" """).SingleAsync(cancellation);
        if (beyond)
        {
            var all = await images.ToListAsync(cancellation);
            all.Sort((a, b) => Manifest.PathOrder.Compare(a.Path, b.Path));
            foreach (var image in all)
                yield return image;
            yield break;
        }
        await foreach (var image in images.OrderBy(image => EF.Functions.Collate(image.Path, "C")).AsAsyncEnumerable().WithCancellation(cancellation))
            yield return image;
    }

    private static void WriteHead(Utf8JsonWriter json, Dataset dataset, DatasetVersion version, Dictionary<string, int> classIds)
    {
        json.WriteStartObject();
        json.WriteString("format_version"u8, "1.1");
        json.WriteString("dataset_id"u8, dataset.Id);
        json.WriteString("dataset_name"u8, dataset.Name);
        json.WriteString("task_type"u8, dataset.TaskType == TaskType.ImageClassification ? "classification" : JsonNamingPolicy.SnakeCaseLower.ConvertName(dataset.TaskType.ToString()));
        json.WriteString("created_at"u8, version.CreatedAt);
        json.WriteNumber("version"u8, version.Number);
        json.WriteString("content_hash"u8, version.Hash);
        json.WriteStartObject("storage_info"u8);
        json.WriteString("image_root"u8, DatasetKeys.Images(dataset.Id));
        json.WriteEndObject();

        json.WriteStartArray("classes"u8);
        foreach (var (name, id) in classIds)
        {
            json.WriteStartObject();
            json.WriteNumber("id"u8, id);
            json.WriteString("name"u8, name);
            json.WriteEndObject();
        }
        json.WriteEndArray();

        json.WriteStartArray("images"u8);
    }

    private static void WriteImage(Utf8JsonWriter json, int id, DatasetVersionImage image, Dictionary<string, int> classIds)
    {
        json.WriteStartObject();
        json.WriteNumber("id"u8, id);
        json.WriteString("file_name"u8, image.Path);
        json.WriteString("key"u8, image.Key);
        json.WriteNumber("width"u8, image.Width);
        json.WriteNumber("height"u8, image.Height);
        json.WriteString("split"u8, image.Split.ToString().ToLower(CultureInfo.InvariantCulture));
        json.WriteStartArray("annotations"u8);
        if (image.Class is { } name)
        {
            json.WriteStartObject();
            json.WriteNumber("id"u8, id);
            json.WriteNumber("image_id"u8, id);
            json.WriteNumber("class_id"u8, classIds[name]);
            json.WriteString("class_name"u8, name);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
