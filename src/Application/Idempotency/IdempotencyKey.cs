using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using VisionPlatform.Infrastructure.Secrets;

namespace VisionPlatform.Application.Idempotency;

/// <summary>The <c>Idempotency-Key</c> of a request. The same caller, function, ids in the address and key are the same request.</summary>
public sealed class IdempotencyKey
{
    /// <summary>Name of the header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>Longest key, in visible ASCII characters.</summary>
    public const int MaximumLength = 255;

    // An answer may hold a secret that is shown once. It is sealed under the caller's key, of which only a hash is stored.
    private readonly SealingKey _seal;

    /// <param name="caller">Id of the caller; null for a caller who has not signed in.</param>
    /// <param name="request">The function and the values in its route.</param>
    /// <param name="key">The header's value.</param>
    /// <param name="fingerprint">SHA-256 of the body.</param>
    public IdempotencyKey(Guid? caller, string request, string key, byte[] fingerprint)
    {
        var scope = Encoding.UTF8.GetBytes($"{caller}\n{request}\n{key}");
        Id = SHA256.HashData(scope);
        Fingerprint = fingerprint;
        _seal = SealingKey.Derive(scope, "idempotent answer");
    }

    /// <summary>SHA-256 of caller, request and key.</summary>
    internal byte[] Id { get; }

    internal byte[] Fingerprint { get; }

    /// <summary>Key of the advisory lock that is held while the request runs.</summary>
    internal long Lock => BitConverter.ToInt64(Id);

    /// <summary>Whether a header's value can be a key.</summary>
    public static bool IsValid(string key) => key.Length is > 0 and <= MaximumLength && key.All(c => c is > ' ' and <= '~');

    internal byte[] Seal(StoredAnswer answer) => _seal.Seal(JsonSerializer.SerializeToUtf8Bytes(answer));

    internal StoredAnswer Open(ReadOnlySpan<byte> content) =>
        JsonSerializer.Deserialize<StoredAnswer>(_seal.Open(content) ?? throw new CryptographicException("A stored answer does not open under the key that it was stored for."))!;
}

/// <summary>An answer as it was sent.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Location">The <c>Location</c> header.</param>
/// <param name="Tag">The <c>ETag</c> header.</param>
/// <param name="Body">The JSON body as UTF-8.</param>
public sealed record StoredAnswer(int Status, string? Location, string? Tag, byte[]? Body);
