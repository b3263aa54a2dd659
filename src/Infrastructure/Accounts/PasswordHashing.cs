using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>Whether a password fits a stored hash, and whether the hash should be written anew at today's cost.</summary>
public readonly record struct PasswordCheck(bool Fits, bool NeedsRehash);

/// <summary>
/// Hashes passwords with ASP.NET Core's PasswordHasher (format v3: PBKDF2-HMAC-SHA-512, random salt). Hashes of the
/// bcrypt family taken over from an older system still verify and ask to be rehashed.
/// </summary>
public sealed class PasswordHashing : IDisposable
{
    /// <summary>PBKDF2-HMAC-SHA-512 iterations, from the OWASP Password Storage Cheat Sheet.</summary>
    public const int Iterations = 220_000;

    private static readonly object Nobody = new();
    private readonly PasswordHasher<object> _hasher =
        new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));

    // Hashing is a tenth of a second of pure computing: a burst of logins must leave a core for everything else.
    private readonly SemaphoreSlim _gate = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly Lazy<string> _hashOfNobody;

    public PasswordHashing() => _hashOfNobody = new(() => _hasher.HashPassword(Nobody, Guid.NewGuid().ToString()));

    /// <summary>The hash to store for a new password.</summary>
    public async Task<string> HashAsync(string password, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            return _hasher.HashPassword(Nobody, password);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Checks a password. With no stored hash (no such account) it computes as long as with one and answers no, so the
    /// time taken does not tell who has an account.
    /// </summary>
    public async Task<PasswordCheck> VerifyAsync(string? storedHash, string password, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            if (storedHash is ['$', '2', ..])
                return Bcrypt.Verify(storedHash, password) ? new(true, true) : default;
            var result = _hasher.VerifyHashedPassword(Nobody, storedHash ?? _hashOfNobody.Value, password);
            if (storedHash is null)
                return default;
            return new(result != PasswordVerificationResult.Failed, result == PasswordVerificationResult.SuccessRehashNeeded);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}

/// <summary>bcrypt through the system's crypt library (libxcrypt), which every Linux image with a login has.</summary>
internal static partial class Bcrypt
{
    // sizeof(struct crypt_data) in libxcrypt's crypt.h, part of its ABI.
    private const int DataSize = 32768;

    public static unsafe bool Verify(string hash, string password)
    {
        // crypt reads up to the first NUL, and would compare a cut password.
        if (password.Contains('\0'))
            return false;
        var data = NativeMemory.AllocZeroed(DataSize);
        try
        {
            var computed = Marshal.PtrToStringUTF8((nint)Crypt(password, hash, data, DataSize));
            return computed is not null && System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
                System.Text.Encoding.UTF8.GetBytes(computed), System.Text.Encoding.UTF8.GetBytes(hash));
        }
        finally
        {
            NativeMemory.Clear(data, DataSize);
            NativeMemory.Free(data);
        }
    }

    [LibraryImport("libcrypt.so.1", EntryPoint = "crypt_rn", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial byte* Crypt(string phrase, string setting, void* data, int size);
}
