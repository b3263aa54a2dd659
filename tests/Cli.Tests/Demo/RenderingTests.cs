using System.Text.Json;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Tests.Demo;

public sealed class RenderingTests
{
    [Fact]
    public void A_table_aligns_names_left_and_numbers_right()
    {
        var table = new TextTable("class", "images").Row("a", "7").Row("longer name", "1,200");

        Assert.Equal(
            [
                "class        images",
                "a                 7",
                "longer name   1,200",
            ],
            table.Lines());
    }

    [Fact]
    public void A_row_that_does_not_fit_the_columns_is_an_error() =>
        Assert.Throws<ArgumentException>(() => new TextTable("a", "b").Row("only one"));

    [Fact]
    public void A_confusion_matrix_shows_true_classes_in_rows_and_dots_for_zero() =>
        Assert.Equal(
            [
                "true \\ predicted  cat  dog",
                "cat                12    ·",
                "dog                 3    9",
            ],
            ConfusionTable.Lines(["cat", "dog"], [[12, 0], [3, 9]]));

    [Fact]
    public void More_classes_than_fit_are_shown_as_their_largest_confusions()
    {
        var classes = Enumerable.Range(0, 30).Select(i => $"c{i}").ToArray();
        var matrix = classes.Select((_, i) => classes.Select((_, j) => i == j ? 5 : 0).ToArray()).ToArray();
        (matrix[4][2], matrix[7][9]) = (1, 3);

        Assert.Equal(["true  predicted  images", "c7           c9       3", "c4           c2       1"], ConfusionTable.Lines(classes, matrix));
    }

    [Fact]
    public void A_matrix_of_another_size_than_the_classes_is_said_and_not_drawn() =>
        Assert.Equal(["(a matrix of 1 rows does not fit 2 classes)"], ConfusionTable.Lines(["a", "b"], [[1, 2]]));

    [Fact]
    public void Progress_shows_state_bar_epoch_loss_accuracy_and_the_time_left()
    {
        var progress = new TrainingProgress { State = "running", Epoch = 2, TotalEpochs = 8, Loss = 0.12345, Accuracy = 0.97, EtaSeconds = 75 };

        Assert.Equal("  running  █████░░░░░░░░░░░░░░░  epoch 2/8  loss 0.1235  accuracy 0.9700  ETA 1 min 15 s", progress.ToString());
        Assert.Equal("  epoch 2/8  loss 0.1235  accuracy 0.9700  ETA 1 min 15 s", progress.PlainLine());
        Assert.Equal("  queued", new TrainingProgress { State = "queued" }.ToString());
    }

    [Fact]
    public void Lines_are_written_above_the_status_line_which_is_drawn_again()
    {
        var output = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(output, interactive: true, color: false, width: 20);

        terminal.Status("one");
        terminal.Line("log");
        terminal.Status("a status that is longer than the row");
        terminal.Status("");

        Assert.Equal("one\r\e[Klog\none\r\e[Ka status that is lo\r\e[K", output.ToString());
    }

    [Fact]
    public void Where_nothing_can_be_drawn_again_no_status_and_no_control_characters_are_written()
    {
        var output = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(output, interactive: false, color: false, width: 80);

        terminal.Status("one");
        terminal.Line(terminal.Bad("log"));

        Assert.Equal("log\n", output.ToString());
    }

    [Fact]
    public void Metrics_are_the_numbers_that_tell_quality_best_known_first()
    {
        var metrics = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>("""{"f1":0.5,"loss":0.04123,"note":"x","learning_rate":0.1,"accuracy":0.98}""");

        Assert.Equal("accuracy 0.98, loss 0.0412, f1 0.5", Format.Metrics(metrics));
        Assert.Equal("-", Format.Metrics(null));
    }

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(371_234, "371.2 kB")]
    [InlineData(44_700_000, "44.7 MB")]
    public void Sizes_use_powers_of_a_thousand(long bytes, string text) => Assert.Equal(text, Format.Size(bytes));
}
