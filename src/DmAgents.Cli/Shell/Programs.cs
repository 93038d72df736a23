using System.ComponentModel;
using System.Diagnostics;

namespace DmAgents.Cli.Shell;

/// <summary>Other programs of this machine.</summary>
internal static class Programs
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>What the program prints with --version; null if it is not in PATH, fails or does not end.</summary>
    public static async Task<string?> VersionOf(string program)
    {
        using var deadline = new CancellationTokenSource(_patience);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, ["--version"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            try
            {
                var errors = process.StandardError.ReadToEndAsync(deadline.Token);
                var output = await process.StandardOutput.ReadToEndAsync(deadline.Token).ConfigureAwait(false);
                await errors.ConfigureAwait(false);
                await process.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
                return process.ExitCode == 0 ? output : null;
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                return null;
            }
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
