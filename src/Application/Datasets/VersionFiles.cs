using System.IO.Compression;
using System.IO.Pipelines;
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
            // Two parts of each file are enough: the lines are made no faster than a part is sent.
            await stores.External.PutAsync(key, reader.AsStream(leaveOpen: true), contentType, cancellation, ObjectStore.SmallestPart, parallel: 2);
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
        var dice = new DiceFile(json, dataset, version);
        dice.WriteHead();
        await foreach (var image in database.ImagesOfVersionAsync(version, cancellation))
        {
            hash.AppendData(lines.Canonical(image).Span);
            await packed.WriteAsync(lines.Stored(image), cancellation);
            dice.Write(image);
            if (json.BytesPending > Buffer)
                await json.FlushAsync(cancellation);
        }
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) is var found && found != version.Hash)
            throw new InvalidDataException($"The images of dataset version {version.Id} hash to {found}, not to {version.Hash}.");
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
