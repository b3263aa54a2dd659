using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>
/// Signs request URLs with AWS Signature Version 4, with the signature in the query
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html), path-style, payload unsigned. The SDK can do the same but takes
/// ten times as long, and a page of images or the manifest for a trainer needs hundreds to thousands of URLs. A test checks that both make the same
/// signatures.
/// </summary>
internal sealed class Presigner(BucketSettings settings, TimeProvider time)
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    private readonly string _host = settings.Endpoint.Authority;
    private readonly string _path = $"{settings.Endpoint.AbsolutePath.TrimEnd('/')}/{Uri.EscapeDataString(settings.Bucket)}/";
    private readonly string _base = settings.Endpoint.GetLeftPart(UriPartial.Authority);

    private readonly SigningKeys _keys = new(settings);

    /// <summary>Signs a URL for one kind of request: this method, key, headers and parameters. It is valid until it expires.</summary>
    /// <param name="method">HTTP method in upper case.</param>
    /// <param name="key">Object key, unescaped.</param>
    /// <param name="lifetime">Fractions of a second are dropped.</param>
    /// <param name="headers">Headers the sender must send with exactly these values.</param>
    /// <param name="size">The only content length allowed; null for a request without a body. Every HTTP client sets this header itself.</param>
    /// <param name="parameters">Further query parameters, unescaped.</param>
    public PresignedRequest Sign(
        string method, string key, TimeSpan lifetime, IReadOnlyDictionary<string, string> headers, long? size,
        params ReadOnlySpan<(string Name, string Value)> parameters)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var date = now.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var stamp = now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{date}/{settings.Region}/s3/aws4_request";
        var seconds = (long)lifetime.TotalSeconds;

        var required = headers.Select(header => (Name: header.Key.ToLowerInvariant(), Value: header.Value.Trim())).Append((Name: "host", Value: _host));
        if (size is { } bytes)
            required = required.Append((Name: "content-length", Value: bytes.ToString(CultureInfo.InvariantCulture)));
        var signed = required.OrderBy(header => header.Name, StringComparer.Ordinal).ToArray();
        var names = string.Join(';', signed.Select(header => header.Name));
        var path = _path + string.Join('/', key.Split('/').Select(Uri.EscapeDataString));
        var query = Query(parameters,
            ("X-Amz-Algorithm", Algorithm), ("X-Amz-Credential", $"{settings.AccessKey}/{scope}"), ("X-Amz-Date", stamp),
            ("X-Amz-Expires", seconds.ToString(CultureInfo.InvariantCulture)), ("X-Amz-SignedHeaders", names));

        var canonical = $"{method}\n{path}\n{query}\n{string.Concat(signed.Select(header => $"{header.Name}:{header.Value}\n"))}\n{names}\nUNSIGNED-PAYLOAD";
        var toSign = $"{Algorithm}\n{stamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(_keys.For(date), Encoding.UTF8.GetBytes(toSign)));
        return new PresignedRequest(method, $"{_base}{path}?{query}&X-Amz-Signature={signature}", headers, new DateTimeOffset(now, TimeSpan.Zero).AddSeconds(seconds));
    }

    /// <summary>Escaped parameters in ordinal order of their names, for the URL and for the signature.</summary>
    private static string Query(ReadOnlySpan<(string Name, string Value)> own, params ReadOnlySpan<(string Name, string Value)> all)
    {
        var parameters = new List<(string Name, string Value)>(own.Length + all.Length);
        foreach (var (name, value) in own)
            parameters.Add((Uri.EscapeDataString(name), Uri.EscapeDataString(value)));
        foreach (var (name, value) in all)
            parameters.Add((name, Uri.EscapeDataString(value)));
        parameters.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return string.Join('&', parameters.Select(parameter => $"{parameter.Name}={parameter.Value}"));
    }
}
