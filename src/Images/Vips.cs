using NetVips;

namespace VisionPlatform.Images;

/// <summary>Configures libvips for untrusted images.</summary>
internal static class Vips
{
    private static readonly Lazy<bool> Ready = new(Start);

    /// <summary>Loads and configures the library once per process.</summary>
    /// <exception cref="InvalidOperationException">There is no native library for this platform.</exception>
    public static void EnsureReady() => _ = Ready.Value;

    private static bool Start()
    {
        if (!ModuleInitializer.VipsInitialized)
            throw new InvalidOperationException("libvips cannot start.", ModuleInitializer.Exception);
        // Otherwise every damaged upload writes warnings to standard error.
        Log.SetLogHandler("VIPS", Enums.LogLevelFlags.Warning, (_, _, _) => { });
        // Requests already run in parallel. Threads within each image would only add contention.
        NetVips.NetVips.Concurrency = 1;
        // Cached operations keep their input buffers, which here are pinned .NET arrays and must not outlive the call.
        Cache.Max = 0;
        NetVips.NetVips.BlockUntrusted = true;
        Operation.Block("VipsForeignLoad", true);
        foreach (var loader in (string[])["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp", "VipsForeignLoadTiff", "VipsForeignLoadNsgif"])
            Operation.Block(loader, false);
        return true;
    }
}
