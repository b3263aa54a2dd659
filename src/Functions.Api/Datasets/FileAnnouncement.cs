using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;

namespace VisionPlatform.Api.Datasets;

/// <summary>What is checked of a file that is announced as a whole, an archive or annotations, before it is uploaded.</summary>
internal static class FileAnnouncement
{
    /// <param name="size">Bytes of the file.</param>
    /// <param name="most">Bytes that it may have.</param>
    /// <param name="what">Begins a sentence: <c>An archive</c>.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ValidationFailed"/>.</exception>
    public static long Size(long size, long most, string what) =>
        size < 1 ? throw new ProblemException(ErrorCodes.ValidationFailed, "The file is empty.", "size")
        : size > most ? throw new ProblemException(ErrorCodes.ValidationFailed, $"{what} may have at most {most} bytes. Divide it: several files may be uploaded to one dataset.", "size")
        : size;

    /// <summary>The folder of the dataset that the file is for, without a slash at its end; empty for none.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidPath"/>.</exception>
    public static string Folder(string? wanted)
    {
        var folder = CaseFold.Composed(wanted ?? "").TrimEnd('/');
        return folder.Length > 0 && ImagePath.Problem(folder) is { } problem ? throw new ProblemException(ErrorCodes.InvalidPath, problem, "folder") : folder;
    }
}
