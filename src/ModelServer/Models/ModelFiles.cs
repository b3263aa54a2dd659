using System.Net;
using System.Security.Cryptography;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.ModelServer.Models;

/// <summary>
/// Downloaded models on disk, named by their content. When they take more than the folder may, those that were not used for the longest time are
/// deleted. A file is hashed each time a model is loaded from it, so that a damaged one is never served.
/// </summary>
internal sealed class ModelFiles : IDisposable
{
    private const string Extension = ".onnx";

    private readonly ServerSettings _settings;
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), AllowAutoRedirect = false }) { Timeout = TimeSpan.FromMinutes(15) };

    public ModelFiles(ServerSettings settings)
    {
        _settings = settings;
        Directory.CreateDirectory(settings.CacheFolder);
        // What a killed process left behind.
        foreach (var part in Directory.EnumerateFiles(settings.CacheFolder, "*.part"))
            File.Delete(part);
    }

    /// <summary>Bytes of all files.</summary>
    public long Bytes => Files().Sum(file => file.Length);

    /// <summary>The path of a file with this hash, downloaded if it is not there.</summary>
    /// <param name="progress">Gets the bytes that were loaded so far.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelInvalid"/> if it is another file, <see cref="ErrorCodes.StorageError"/> if it cannot be downloaded.</exception>
    public async Task<string> GetAsync(Uri url, string sha256, Action<long> progress, CancellationToken cancellation)
    {
        var path = Path.Combine(_settings.CacheFolder, sha256 + Extension);
        if (File.Exists(path))
        {
            await using (var stored = File.OpenRead(path))
                if (Convert.ToHexStringLower(await SHA256.HashDataAsync(stored, cancellation)) == sha256)
                {
                    File.SetLastAccessTimeUtc(path, DateTime.UtcNow);
                    return path;
                }
            File.Delete(path);
        }
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            await DownloadAsync(url, sha256, part, progress, cancellation);
            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
        Evict(path);
        return path;
    }

    public void Dispose() => _http.Dispose();

    private async Task DownloadAsync(Uri url, string sha256, string part, Action<long> progress, CancellationToken cancellation)
    {
        try
        {
            using var response = await _http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new ProblemException(ErrorCodes.StorageError, $"The object store answered {(int)response.StatusCode} to the download of the model.");
            RequireSpace(response.Content.Headers.ContentLength ?? 0);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var source = await response.Content.ReadAsStreamAsync(cancellation);
            await using var target = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous);
            var buffer = new byte[1 << 17];
            long total = 0;
            for (int read; (read = await source.ReadAsync(buffer, cancellation)) > 0;)
            {
                total += read;
                RequireSpace(total);
                hash.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
                progress(total);
            }
            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != sha256)
                throw new ProblemException(ErrorCodes.ModelInvalid, $"The downloaded model of {total} bytes is not the announced file: its SHA-256 differs.");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new ProblemException(ErrorCodes.StorageError, $"The model could not be downloaded: {failure.Message}", inner: failure);
        }
    }

    private void RequireSpace(long bytes)
    {
        if (bytes > _settings.CacheBytes)
            throw new ProblemException(ErrorCodes.ModelTooLarge, $"The model file has more than the {_settings.CacheBytes / 1_000_000} MB that MODEL_SERVER_CACHE_MB allows.");
    }

    private void Evict(string newest)
    {
        var files = Files().OrderBy(file => file.LastAccessTimeUtc).ToList();
        var total = files.Sum(file => file.Length);
        foreach (var file in files.TakeWhile(_ => total > _settings.CacheBytes).Where(file => file.FullName != newest).ToArray())
        {
            if (total <= _settings.CacheBytes)
                break;
            total -= file.Length;
            file.Delete();
        }
    }

    private FileInfo[] Files() => new DirectoryInfo(_settings.CacheFolder).GetFiles("*" + Extension);
}
