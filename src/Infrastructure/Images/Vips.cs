using NetVips;

namespace VisionPlatform.Infrastructure.Images;

/// <summary>Sets libvips up for images that strangers upload.</summary>
internal static class Vips
{
    private static readonly Lazy<bool> Ready = new(Start);

    /// <summary>Loads and configures the library once per process.</summary>
    /// <exception cref="InvalidOperationException">There is no native library for this kind of machine.</exception>
    public static void EnsureReady() => _ = Ready.Value;

    private static bool Start()
    {
        if (!ModuleInitializer.VipsInitialized)
            throw new InvalidOperationException("libvips cannot start.", ModuleInitializer.Exception);
        // Every damaged upload would write some warnings to standard error.
        Log.SetLogHandler("VIPS", Enums.LogLevelFlags.Warning, (_, _, _) => { });
        // Requests run side by side already; a thread pool inside each image would only add contention.
        NetVips.NetVips.Concurrency = 1;
        // Operations hold on to their input buffers, which here are pinned .NET arrays: nothing may outlive the call.
        Cache.Max = 0;
        NetVips.NetVips.BlockUntrusted = true;
        Operation.Block("VipsForeignLoad", true);
        foreach (var loader in (string[])["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp", "VipsForeignLoadTiff", "VipsForeignLoadNsgif"])
            Operation.Block(loader, false);
        return true;
    }
}
