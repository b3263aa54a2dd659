namespace VisionPlatform.Cli.Demo.Rendering;

/// <summary>
/// Writes lines, and on an interactive terminal one status line below them that is drawn again in place.
/// Elsewhere the status is not written: what matters is also written as a line.
/// </summary>
internal sealed class Terminal(TextWriter output, bool interactive, bool color, int width)
{
    private readonly Lock _lock = new();
    private string _status = "";

    public bool Interactive => interactive;

    /// <summary>Columns that a status line may use.</summary>
    public int Width => width;

    /// <summary>A terminal on stdout, or on stderr when stdout is to carry nothing but the JSON line.</summary>
    public static Terminal Open(bool jsonOnly)
    {
        var redirected = jsonOnly ? Console.IsErrorRedirected : Console.IsOutputRedirected;
        var interactive = !redirected && Settings.Optional("TERM") is not (null or "dumb");
        return new Terminal(
            jsonOnly ? Console.Error : Console.Out,
            interactive,
            interactive && Settings.Optional("NO_COLOR") is null,
            interactive ? Math.Max(40, Console.WindowWidth) : 120);
    }

    public void Line(string text = "")
    {
        lock (_lock)
        {
            Erase();
            output.WriteLine(text);
            Draw();
        }
    }

    public void Heading(string text)
    {
        Line();
        Line(Bold(text));
    }

    /// <summary>A table or any block, indented by two.</summary>
    public void Block(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            Line("  " + line);
    }

    /// <summary>Replaces the status line; empty removes it. Cut to one row.</summary>
    public void Status(string text)
    {
        if (!interactive)
            return;
        lock (_lock)
        {
            Erase();
            _status = text.Length < width ? text : text[..(width - 1)];
            Draw();
        }
    }

    public string Bold(string text) => Styled(text, "1");

    public string Dim(string text) => Styled(text, "2");

    public string Good(string text) => Styled(text, "32");

    public string Bad(string text) => Styled(text, "31");

    public string Notable(string text) => Styled(text, "33");

    private string Styled(string text, string code) => color ? $"\e[{code}m{text}\e[0m" : text;

    private void Erase()
    {
        if (_status.Length > 0)
            output.Write("\r\e[K");
    }

    private void Draw()
    {
        if (_status.Length > 0)
            output.Write(_status);
        output.Flush();
    }
}
