using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.Processes;

/// <summary>Runs a program for any time as long as it makes progress: it writes a line, or reads or writes any bytes,
/// which the kernel counts (/proc/PID/io, rchar and wchar).</summary>
internal static class WatchedProgram
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Keeps only the end of the error output, which says why the program ended.</summary>
    private const int MaxComplaint = 1024;

    public static KernelResult Run(
        SystemProgram program, string subject, IReadOnlyList<string> arguments, TimeSpan stall,
        Func<KernelError?> watch, CancellationToken cancellation)
    {
        if (program.Find() is not { } path)
            return program.Missing(subject);
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LC_ALL"] = "C" },
        };
        using var process = new Process { StartInfo = start };
        var complaint = new Complaint();
        process.OutputDataReceived += (_, line) => complaint.Moved();
        process.ErrorDataReceived += (_, line) => complaint.Add(line.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception refused)
        {
            return KernelErrors.From(refused.NativeErrorCode, program.Name, subject, refused.Message);
        }
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = Wait(process, program, subject, stall, complaint, watch, cancellation);
        cancellation.ThrowIfCancellationRequested();
        return ended is { } error ? error
            : process.ExitCode == 0 ? KernelResult.Done
            : new KernelError(
                KernelFault.Failed, 0, program.Name, subject, $"exit status {process.ExitCode}: {complaint}")
            {
                ExitStatus = process.ExitCode,
            };
    }

    /// <summary>Null if the program ended by itself.</summary>
    private static KernelError? Wait(
        Process process, SystemProgram program, string subject, TimeSpan stall, Complaint complaint,
        Func<KernelError?> watch, CancellationToken cancellation)
    {
        var still = Stopwatch.StartNew();
        var before = (Lines: -1L, Bytes: "");
        using var killing = cancellation.Register(() => Kill(process));
        while (!process.WaitForExit(LookEvery))
        {
            var now = (complaint.Lines, BytesOf(process.Id));
            if (now != before)
                still.Restart();
            before = now;
            var error = watch() ?? (still.Elapsed < stall ? null : new KernelError(
                KernelFault.TimedOut, 0, program.Name, subject,
                string.Create(CultureInfo.InvariantCulture, $"no progress for {stall.TotalSeconds:0} s")));
            if (error is null)
                continue;
            Kill(process);
            process.WaitForExit(LookEvery);
            return error;
        }
        // Also waits for its last output.
        process.WaitForExit();
        return null;
    }

    /// <summary>The bytes that it has read and written; empty if the kernel does not count them.</summary>
    private static string BytesOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/io");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private sealed class Complaint
    {
        private readonly Lock _lock = new();
        private readonly StringBuilder _text = new();
        private long _lines;

        public long Lines => Interlocked.Read(ref _lines);

        public void Moved() => Interlocked.Increment(ref _lines);

        public void Add(string? line)
        {
            Moved();
            if (string.IsNullOrWhiteSpace(line))
                return;
            lock (_lock)
            {
                _text.Append(line.Trim()).Append("; ");
                if (_text.Length > MaxComplaint)
                    _text.Remove(0, _text.Length - MaxComplaint);
            }
        }

        public override string ToString()
        {
            lock (_lock)
                return _text.ToString().TrimEnd(' ', ';');
        }
    }
}
