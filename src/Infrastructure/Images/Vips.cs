using System.Runtime.InteropServices;

namespace VisionPlatform.Infrastructure.Images;

/// <summary>
/// The few functions of libvips 8.14 in use. The C functions are variadic; passing integers and pointers only, ended by a null pointer,
/// as fixed parameters is the same call under the x86-64 and arm64 Linux calling conventions. Functions return 0 on success.
/// </summary>
internal static partial class Vips
{
    private const string Library = "libvips.so.42";
    private const string Glib = "libglib-2.0.so.0";
    private const string Gobject = "libgobject-2.0.so.0";

    public const int SizeDown = 2;
    public const int FormatUchar = 0;
    public const int InterpretationSrgb = 22;

    [LibraryImport(Library, EntryPoint = "vips_init", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Init(string program);

    [LibraryImport(Library, EntryPoint = "vips_concurrency_set")]
    public static partial void SetConcurrency(int threads);

    [LibraryImport(Library, EntryPoint = "vips_cache_set_max")]
    public static partial void SetCacheSize(int operations);

    [LibraryImport(Library, EntryPoint = "vips_block_untrusted_set")]
    public static partial void BlockUntrusted(int blocked);

    [LibraryImport(Library, EntryPoint = "vips_operation_block_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void BlockOperation(string name, int blocked);

    [LibraryImport(Library, EntryPoint = "vips_image_new_from_buffer", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial nint Open(byte* buffer, nuint length, string options, nint end);

    [LibraryImport(Library, EntryPoint = "vips_image_new_from_memory")]
    public static unsafe partial nint OpenPixels(byte* pixels, nuint length, int width, int height, int bands, int format);

    [LibraryImport(Library, EntryPoint = "vips_image_get_width")]
    public static partial int Width(nint image);

    [LibraryImport(Library, EntryPoint = "vips_image_get_height")]
    public static partial int Height(nint image);

    [LibraryImport(Library, EntryPoint = "vips_thumbnail_buffer", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int ThumbnailOfBuffer(
        byte* buffer, nuint length, out nint result, int width, string height, int heightValue, string size, int sizeValue, string optionString, string options, nint end);

    [LibraryImport(Library, EntryPoint = "vips_thumbnail_image", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ThumbnailOfImage(nint image, out nint result, int width, string height, int heightValue, string size, int sizeValue, nint end);

    [LibraryImport(Library, EntryPoint = "vips_colourspace")]
    public static partial int ConvertColours(nint image, out nint result, int interpretation, nint end);

    [LibraryImport(Library, EntryPoint = "vips_image_hasalpha")]
    public static partial int HasAlpha(nint image);

    [LibraryImport(Library, EntryPoint = "vips_array_double_new")]
    public static unsafe partial nint NewDoubles(double* values, int count);

    [LibraryImport(Library, EntryPoint = "vips_area_unref")]
    public static partial void FreeArea(nint area);

    [LibraryImport(Library, EntryPoint = "vips_flatten", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Flatten(nint image, out nint result, string background, nint colour, nint end);

    [LibraryImport(Library, EntryPoint = "vips_image_write_to_buffer", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Write(nint image, string suffix, out nint buffer, out nuint length, nint end);

    [LibraryImport(Library, EntryPoint = "vips_error_clear")]
    public static partial void ClearError();

    [LibraryImport(Library, EntryPoint = "vips_error_buffer_copy")]
    public static partial nint CopyError();

    [LibraryImport(Gobject, EntryPoint = "g_object_unref")]
    public static partial void Unref(nint gobject);

    [LibraryImport(Glib, EntryPoint = "g_free")]
    public static partial void Free(nint memory);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    private static readonly Lazy<bool> Ready = new(Start);

    /// <summary>Loads and configures the library once per process.</summary>
    /// <exception cref="DllNotFoundException">libvips is not installed.</exception>
    public static void EnsureReady() => _ = Ready.Value;

    private static bool Start()
    {
        // Any value silences the library's warnings on standard error; every damaged upload would write some.
        _ = SetEnvironment("VIPS_WARNING", "0", 1);
        if (Init("vision-platform") != 0)
            throw new InvalidOperationException("libvips cannot start: " + TakeError());
        // Requests run side by side already; a thread pool inside each image would only add contention.
        SetConcurrency(1);
        // Operations hold on to their input buffers, which here are pinned .NET arrays: nothing may outlive the call.
        SetCacheSize(0);
        BlockUntrusted(1);
        BlockOperation("VipsForeignLoad", 1);
        foreach (var loader in (string[])["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp", "VipsForeignLoadTiff", "VipsForeignLoadNsgif"])
            BlockOperation(loader, 0);
        return true;
    }

    /// <summary>The library's last messages, and forgets them. The buffer is shared by all threads: for logs only.</summary>
    public static string TakeError()
    {
        var text = CopyError();
        ClearError();
        try
        {
            return Marshal.PtrToStringUTF8(text)?.Trim() ?? "";
        }
        finally
        {
            Free(text);
        }
    }
}
