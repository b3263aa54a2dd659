using System.Security.Cryptography;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Training;

/// <summary>Takes files over from trainers.</summary>
public static class TrainerFiles
{
    /// <summary>
    /// Copies what a trainer uploaded to a key that no URL can write, and reads the copy to see that it is what the trainer reported. A copy that is
    /// not is removed.
    /// </summary>
    /// <param name="store">The internal store.</param>
    /// <param name="uploadedKey">Where the trainer put the file.</param>
    /// <param name="size">Bytes, as the trainer reported.</param>
    /// <param name="sha256">Hexadecimal SHA-256, as the trainer reported.</param>
    /// <param name="targetKey">A key that nothing else uses, so that the copy stays as it was read.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>What is wrong with the file, as the end of a sentence; null when it was kept.</returns>
    public static async Task<string?> KeepAsync(this ObjectStore store, string uploadedKey, long size, string sha256, string targetKey, CancellationToken cancellation)
    {
        if (!await store.CopyAsync(uploadedKey, targetKey, cancellation))
            return "is not in the object store.";
        string? problem;
        await using (var copy = await store.OpenReadAsync(targetKey, cancellation))
            problem = copy is null || copy.Info.Size != size ? $"has {copy?.Info.Size ?? 0} bytes in the object store; {size} were reported."
                : !Convert.ToHexString(await SHA256.HashDataAsync(copy.Stream, cancellation)).Equals(sha256, StringComparison.OrdinalIgnoreCase)
                    ? "has another SHA-256 in the object store than was reported."
                    : null;
        if (problem is not null)
            await store.DeleteAsync(targetKey, cancellation);
        return problem;
    }
}
