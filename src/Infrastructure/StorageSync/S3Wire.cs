using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.S3;
using Polly;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Resilience;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>
/// The S3 requests of a sync, written to the wire without the SDK: keys reach the store byte for byte (the SDK drops a leading slash), and headers
/// pass from one store to the other as they are. Every request is repeated under <see cref="Integrations.StorageSync"/>; a refusal throws <see cref="AmazonS3Exception"/>, as
/// the SDK would, and a store that stays away <see cref="ProblemException"/>.
/// </summary>
internal sealed partial class S3Wire : IDisposable
{
    /// <summary>A connection on which no byte moves for this long is given up.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly HttpMessageInvoker _http;
    private readonly RequestSigner _signer;
    private readonly ResiliencePipeline _pipeline;
    private readonly TimeProvider _time;
    private readonly string _origin;
    private readonly string _bucketPath;

    public S3Wire(BucketSettings settings, TimeProvider time) : this(settings, time, Integrations.StorageSync, CreateHandler())
    {
    }

    internal S3Wire(BucketSettings settings, TimeProvider time, IntegrationPolicy policy, HttpMessageHandler handler)
    {
        (Settings, _time) = (settings, time);
        _http = new HttpMessageInvoker(handler);
        _signer = new RequestSigner(settings, time);
        _pipeline = ResiliencePipelines.Build(policy, IsTransient, time: time);
        _origin = settings.Endpoint.GetLeftPart(UriPartial.Authority);
        _bucketPath = $"{settings.Endpoint.AbsolutePath.TrimEnd('/')}/{Uri.EscapeDataString(settings.Bucket)}";
    }

    public BucketSettings Settings { get; }

    /// <summary>The transport every sync uses unless a test brings its own.</summary>
    internal static SocketsHttpHandler CreateHandler() => new()
    {
        ConnectTimeout = Integrations.StorageSync.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = 256,
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        InitialHttp2StreamWindowSize = 1024 * 1024,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
    };

    public void Dispose() => _http.Dispose();

    /// <summary>One request, repeated while the failure is transient.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="key">Key of the object; null for a request to the bucket.</param>
    /// <param name="parameters">Query parameters, unescaped, in ordinal order of their names.</param>
    /// <param name="headers">Headers with lower-case names.</param>
    /// <param name="body">Body, or null.</param>
    /// <param name="read">Reads the answer, which is disposed afterwards.</param>
    private async Task<T> CallAsync<T>(
        HttpMethod method, string? key, (string Name, string Value)[] parameters, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlyMemory<byte>? body,
        Func<HttpResponseMessage, IdleTimer, Task<T>> read, CancellationToken cancellation)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async token => await TryAsync(method, key, parameters, headers, body, read, token), cancellation);
        }
        catch (Exception error) when (StorageFailures.IsAway(error) && !cancellation.IsCancellationRequested)
        {
            throw new ProblemException(ErrorCodes.StorageUnavailable, $"{Settings.Endpoint} does not answer: {Cause(error)}", inner: error);
        }
    }

    private async Task<T> TryAsync<T>(
        HttpMethod method, string? key, (string Name, string Value)[] parameters, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlyMemory<byte>? body,
        Func<HttpResponseMessage, IdleTimer, Task<T>> read, CancellationToken cancellation)
    {
        using var idle = new IdleTimer(Idle, _time, cancellation);
        try
        {
            using var request = Build(method, key, parameters, headers, body, idle);
            using var response = await _http.SendAsync(request, idle.Token);
            idle.Moved();
            if (!response.IsSuccessStatusCode)
                throw await RefusalAsync(response, key, idle);
            return await read(response, idle);
        }
        catch (OperationCanceledException) when (idle.IsOver)
        {
            throw new TimeoutException($"no byte came or went for {Idle.TotalSeconds:0} s");
        }
    }

    private HttpRequestMessage Build(
        HttpMethod method, string? key, (string Name, string Value)[] parameters, IEnumerable<KeyValuePair<string, string>> given, ReadOnlyMemory<byte>? body, IdleTimer idle)
    {
        var path = key is null ? _bucketPath : $"{_bucketPath}/{Escaped(key)}";
        var query = string.Join('&', parameters.Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value)}"));
        var headers = new List<KeyValuePair<string, string>>(given);
        var isData = headers.Exists(static header => header.Key == "content-md5");
        var hash = isData ? RequestSigner.Unsigned : body is { } signed ? Convert.ToHexStringLower(SHA256.HashData(signed.Span)) : RequestSigner.NoBody;
        _signer.Sign(method.Method, path, query, headers, hash);

        var request = new HttpRequestMessage(method, new Uri(query.Length == 0 ? _origin + path : $"{_origin}{path}?{query}", AsWritten)) { Version = HttpVersion.Version11 };
        if (body is { } bytes)
            request.Content = new WatchedContent(bytes, idle);
        foreach (var (name, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                // Content headers of a request without a body: a copy or the start of a multipart upload.
                request.Content ??= new WatchedContent(ReadOnlyMemory<byte>.Empty, idle);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        return request;
    }

    private static string Escaped(string key) => key.Contains('/', StringComparison.Ordinal) ? string.Join('/', key.Split('/').Select(Uri.EscapeDataString)) : Uri.EscapeDataString(key);

    private static async Task<AmazonS3Exception> RefusalAsync(HttpResponseMessage response, string? key, IdleTimer idle)
    {
        var text = await response.Content.ReadAsStringAsync(idle.Token);
        return Refusal(response.StatusCode, ErrorOf(text), key);
    }

    private static AmazonS3Exception Refusal(HttpStatusCode status, (string? Code, string? Message) error, string? key)
    {
        var code = error.Code ?? (status == HttpStatusCode.NotFound ? (key is null ? "NoSuchBucket" : "NoSuchKey") : status.ToString());
        return new AmazonS3Exception(error.Message is { Length: > 0 } message ? message : $"HTTP {(int)status} {code}", ErrorType.Unknown, code, requestId: "", status);
    }

    private static (string? Code, string? Message) ErrorOf(string text)
    {
        try
        {
            return text.Length > 0 && XElement.Parse(text) is { Name.LocalName: "Error" } error ? (Child(error, "Code"), Child(error, "Message")) : default;
        }
        catch (XmlException)
        {
            return default;
        }
    }

    private static string? Child(XElement parent, string name) => parent.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value;

    // BadDigest: the body was damaged on its way.
    private static bool IsTransient(Exception error) => error is AmazonS3Exception { ErrorCode: "BadDigest" or "IncompleteBody" } || StorageFailures.IsTransient(error);

    private static string Cause(Exception error)
    {
        while (error.InnerException is { } inner)
            error = inner;
        return error is AmazonS3Exception refusal ? $"{refusal.ErrorCode} ({(int)refusal.StatusCode})" : error.Message;
    }

    internal static string Unquoted(string? etag) => etag?.Replace("\"", "", StringComparison.Ordinal) ?? "";

    private static string Quoted(string etag) => $"\"{etag}\"";
}
