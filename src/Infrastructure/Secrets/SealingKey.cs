using System.Security.Cryptography;
using System.Text;

namespace VisionPlatform.Infrastructure.Secrets;

/// <summary>
/// Encrypts and authenticates bytes that are kept in a database: AES-256-GCM (NIST SP 800-38D). Layout: nonce (12 bytes, new each time),
/// tag (16), ciphertext. ASP.NET Core's data protection does not fit: it keeps a key ring of its own, while these keys are derived from
/// secrets that are not stored with the data.
/// </summary>
public sealed class SealingKey(byte[] key)
{
    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>The key that belongs to a secret and a purpose (HKDF with SHA-256, RFC 5869); a secret has another key for each purpose.</summary>
    public static SealingKey Derive(ReadOnlySpan<byte> secret, string purpose) => new(Derive(secret, purpose, KeySize));

    /// <summary>A few bytes that name the key of a secret and tell nothing of it.</summary>
    public static string NameOf(ReadOnlySpan<byte> secret, string purpose) => Convert.ToHexStringLower(Derive(secret, $"{purpose}: name of the key", 8));

    public byte[] Seal(ReadOnlySpan<byte> plain)
    {
        var content = new byte[NonceSize + TagSize + plain.Length];
        var nonce = content.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagSize);
        cipher.Encrypt(nonce, plain, content.AsSpan(NonceSize + TagSize), content.AsSpan(NonceSize, TagSize));
        return content;
    }

    /// <summary>What was sealed; null when it was sealed under another key or has changed since.</summary>
    public byte[]? Open(ReadOnlySpan<byte> content)
    {
        if (content.Length < NonceSize + TagSize)
            return null;
        var plain = new byte[content.Length - NonceSize - TagSize];
        using var cipher = new AesGcm(key, TagSize);
        try
        {
            cipher.Decrypt(content[..NonceSize], content[(NonceSize + TagSize)..], content.Slice(NonceSize, TagSize), plain);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] Derive(ReadOnlySpan<byte> secret, string purpose, int size)
    {
        var key = new byte[size];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, salt: [], info: Encoding.UTF8.GetBytes(purpose));
        return key;
    }
}
