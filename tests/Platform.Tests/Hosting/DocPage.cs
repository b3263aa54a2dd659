namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>What a page of the documentation tells people to type.</summary>
internal static class DocPage
{
    /// <summary>The lines of a block of shell commands below a heading.</summary>
    /// <param name="page">Path in the repository.</param>
    /// <param name="heading">The heading, without its marks.</param>
    /// <param name="number">Which block below it, from 0.</param>
    public static IReadOnlyList<string> Commands(string page, string heading, int number = 0)
    {
        var blocks = new List<List<string>>();
        var isInside = false;
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, page))
                     .SkipWhile(line => line.TrimStart('#', ' ') != heading || !line.StartsWith('#')).Skip(1).TakeWhile(line => isInside || !line.StartsWith("## ", StringComparison.Ordinal)))
        {
            if (line == "```bash")
                blocks.Add([]);
            else if (isInside && line != "```")
                blocks[^1].Add(line);
            isInside = line == "```bash" || (isInside && line != "```");
        }
        Assert.True(blocks.Count > number, $"{page} has {blocks.Count} blocks of commands below '{heading}'.");
        return blocks[number];
    }
}
