using System.Globalization;
using System.IO.Compression;
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
    /// <summary>Writes both files and returns the key of the manifest.</summary>
    /// <exception cref="InvalidDataException">The rows no longer match the version's hash.</exception>
    public async Task<string> WriteAsync(DatasetVersion version, CancellationToken cancellation)
    {
        var dataset = await database.Datasets.AsNoTracking().SingleAsync(row => row.Id == version.DatasetId, cancellation);
        var images = await database.DatasetVersionImages.AsNoTracking().Where(image => image.VersionId == version.Id).ToListAsync(cancellation);
        // Sorted here, because the database would order by its own collation.
        images.Sort((a, b) => Manifest.PathOrder.Compare(a.Path, b.Path));
        if (Manifest.Hash(images) is var hash && hash != version.Hash)
            throw new InvalidDataException($"The images of dataset version {version.Id} hash to {hash}, not to {version.Hash}.");

        var manifestKey = DatasetKeys.VersionManifest(version.DatasetId, version.Number);
        await PutAsync(DatasetKeys.VersionAnnotations(version.DatasetId, version.Number), "application/json",
            (stream, token) => WriteAnnotationsAsync(stream, dataset, version, images, token), cancellation);
        await PutAsync(manifestKey, "application/gzip", async (stream, token) =>
        {
            await using var gzip = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true);
            await Manifest.WriteAsync(images, gzip, token);
        }, cancellation);
        return manifestKey;
    }

    private async Task PutAsync(string key, string contentType, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        await write(buffer, cancellation);
        buffer.Position = 0;
        await stores.External.PutAsync(key, buffer, contentType, cancellation);
    }

    private static async Task WriteAnnotationsAsync(
        Stream target, Dataset dataset, DatasetVersion version, IReadOnlyList<DatasetVersionImage> images, CancellationToken cancellation)
    {
        await using var json = new Utf8JsonWriter(target, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
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

        var classIds = version.ClassCounts.Keys.Select((name, id) => (name, id)).ToDictionary(pair => pair.name, pair => pair.id, StringComparer.Ordinal);
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
        for (var i = 0; i < images.Count; i++)
        {
            WriteImage(json, i + 1, images[i], classIds);
            if (json.BytesPending > 64 * 1024)
                await json.FlushAsync(cancellation);
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancellation);
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
