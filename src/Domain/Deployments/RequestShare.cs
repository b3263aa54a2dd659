using System.Buffers.Binary;
using System.Security.Cryptography;

namespace VisionPlatform.Domain.Deployments;

/// <summary>
/// Which requests a canary answers. It is decided by a hash of the images, so that the same images always go to the same revision and a larger share
/// contains the smaller one; the deployment is part of the hash, so that each has a share of its own.
/// </summary>
public static class RequestShare
{
    /// <returns>0 to 99; a canary with a larger percentage answers the request.</returns>
    public static int Of(Guid deployment, IReadOnlyList<byte[]> images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(deployment.ToByteArray(bigEndian: true));
        foreach (var image in images)
            hash.AppendData(image);
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(hash.GetHashAndReset()) % 100);
    }
}
