using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Output;

/// <summary>Progress without a terminal: a line when the text changes and one at each tenth.</summary>
internal sealed class TransferLines(CliEnvironment environment)
{
    private readonly long _started = environment.Clock.GetTimestamp();
    private string _lastText = "";
    private int _lastTenth = -1;

    public void Report(Transfer transfer)
    {
        var tenth = Words.Share(transfer.DoneBytes, transfer.TotalBytes) / 10;
        if (transfer.Text == _lastText && tenth == _lastTenth)
            return;
        _lastText = transfer.Text;
        _lastTenth = tenth;
        environment.Out.WriteLine($"{transfer.Text}: {Amount(transfer)}{Rate(transfer.DoneBytes)}");
        environment.Out.Flush();
    }

    private static string Amount(Transfer transfer) => transfer.TotalBytes == 0
        ? $"{Sizes.Format(transfer.DoneBytes)} read"
        : $"{Words.Percent(transfer.DoneBytes, transfer.TotalBytes)} of {Sizes.Format(transfer.TotalBytes)}";

    private string Rate(ulong bytes)
    {
        var seconds = environment.Clock.GetElapsedTime(_started).TotalSeconds;
        return seconds < 0.5 || bytes == 0 ? "" : $", {Sizes.Format((ulong)(bytes / seconds))}/s";
    }
}
