using System.Diagnostics;
using System.Globalization;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A running <c>dmagent image import</c>, whose standard input the test holds.</summary>
internal sealed class CliImport : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    private CliImport(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    public bool HasEnded => _process.HasExited;

    /// <param name="source">A path; "-" is what <see cref="Send"/> gives.</param>
    public static CliImport Start(AgentPlaces places, string pool, string source, string reference)
    {
        var info = Shell.Info(
            Places.Cli, "image", "import", source, "--pool", pool, "--reference", reference, "--socket",
            places.Socket);
        info.RedirectStandardInput = true;
        return new CliImport(Process.Start(info)!);
    }

    public async Task Send(ReadOnlyMemory<byte> bytes)
    {
        await _process.StandardInput.BaseStream.WriteAsync(bytes);
        await _process.StandardInput.BaseStream.FlushAsync();
    }

    /// <summary>The pipe ends.</summary>
    public void Close() => _process.StandardInput.Close();

    /// <param name="name">INT as by Ctrl-C, KILL, STOP, CONT.</param>
    public Task Signal(string name) =>
        Shell.Must("/bin/kill", $"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture));

    public async Task<Finished> End()
    {
        using var limit = new CancellationTokenSource(Limit);
        await _process.WaitForExitAsync(limit.Token);
        return new Finished(_process.ExitCode, await _output, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }
}
