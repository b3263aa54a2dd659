using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>Whether a password matches a stored hash, and whether to replace the hash by one at the current cost.</summary>
public readonly record struct PasswordCheck(bool Fits, bool NeedsRehash);

/// <summary>
/// Hashes passwords with ASP.NET Core's PasswordHasher (format v3: PBKDF2-HMAC-SHA-512, random salt). Bcrypt hashes of
/// an older system are accepted and need a rehash.
/// </summary>
public sealed class PasswordHashing : IDisposable
{
    /// <summary>PBKDF2-HMAC-SHA-512 iterations, from the OWASP Password Storage Cheat Sheet.</summary>
    public const int Iterations = 220_000;

    /// <summary>Stored for an account without a password, for example an imported one. Nothing fits it; the person resets the password.</summary>
    public const string Unusable = "";

    private static readonly object Nobody = new();
    private readonly PasswordHasher<object> _hasher =
        new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));

    // Hashing takes about 0.1 s of CPU. Leave half of the cores free during a burst of sign-ins.
    private readonly SemaphoreSlim _gate = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly Lazy<string> _hashOfNobody;

    public PasswordHashing() => _hashOfNobody = new(() => _hasher.HashPassword(Nobody, Guid.NewGuid().ToString()));

    /// <summary>Computes the hash to store for a new password.</summary>
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
    /// Checks a password. Without a stored hash (no such account) the check takes as long and fails, so that the
    /// duration does not reveal who has an account.
    /// </summary>
    public async Task<PasswordCheck> VerifyAsync(string? storedHash, string password, CancellationToken cancellation)
    {
        if (storedHash == Unusable)
            storedHash = null;
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

/// <summary>Verifies bcrypt hashes with the system's crypt library (libxcrypt), which every Linux image with a login has.</summary>
internal static partial class Bcrypt
{
    // sizeof(struct crypt_data) in libxcrypt's crypt.h, part of its ABI.
    private const int DataSize = 32768;

    public static unsafe bool Verify(string hash, string password)
    {
        // crypt stops at the first NUL and would compare a truncated password.
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
