using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Makes UUIDs of version 5 (RFC 9562) from SHA-1. Namespace and name have the form that the Durable Task Framework uses.</summary>
internal static class DeterministicGuid
{
    private static readonly Guid Namespace = new("9e952958-5e33-4daf-827f-2fa12937b875");

    public static Guid Create(string instanceId, DateTime turnTime, int number)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{instanceId}_{turnTime:o}_{number}");
        byte[] input = [.. Namespace.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)];
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 9562 defines version 5 with SHA-1. No security depends on it.
        SHA1.HashData(input, hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
