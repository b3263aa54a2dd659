using System.Security.Cryptography;
using System.Text;

namespace VisionPlatform.Infrastructure.Secrets;

/// <summary>
/// Encrypts and authenticates bytes that a database stores: AES-256-GCM (NIST SP 800-38D). Layout: nonce (12 bytes, random),
/// tag (16 bytes), ciphertext. ASP.NET Core's data protection does not fit: it has its own key ring, while these keys are derived from
/// secrets that are not stored with the data.
/// </summary>
public sealed class SealingKey(byte[] key)
{
    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>Derives the key of a secret and a purpose (HKDF with SHA-256, RFC 5869). Each purpose has a different key.</summary>
    public static SealingKey Derive(ReadOnlySpan<byte> secret, string purpose) => new(Derive(secret, purpose, KeySize));

    /// <summary>A name for the key, 16 hexadecimal digits, which reveals nothing about the key or the secret.</summary>
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

    /// <summary>Decrypts sealed bytes; null when they were sealed with another key or have been changed.</summary>
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
