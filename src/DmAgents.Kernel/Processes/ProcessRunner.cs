using System.ComponentModel;
using System.Diagnostics;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.Processes;

/// <summary>A program of the system that the boundary calls, and where it comes from.</summary>
internal sealed record SystemProgram(string Name, string DebianPackage)
{
    private static readonly string[] Folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"];

    /// <summary>Its path, or null where it is not installed. Not by PATH: a daemon's often lacks sbin.</summary>
    public string? Find() => Folders.Select(folder => $"{folder}/{Name}").FirstOrDefault(File.Exists);

    public KernelError Missing(string subject) => new(KernelFault.NotSupported, 0, Name, subject,
        $"{Name} is not installed; try: apt-get install {DebianPackage}");
}

/// <summary>Runs a program to its end or to a deadline.</summary>
internal sealed class ProcessRunner(TimeSpan deadline)
{
    private const int TailLines = 3;

    /// <summary>After the exit the pipes' last lines are there at once, unless a child of the program lives on.</summary>
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(1);

    /// <summary>Runs a program; its standard input is at its end. Done where it exits with status 0.</summary>
    /// <returns>NotSupported where it is not installed; TimedOut where it was killed at the deadline; else Failed with
    /// its last lines.</returns>
    public KernelResult Run(SystemProgram program, string subject, params IEnumerable<string> arguments)
    {
        if (program.Find() is not { } path)
            return program.Missing(subject);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(path, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["LC_ALL"] = "C" },
            },
        };
        using var tail = new OutputTail(TailLines);
        process.OutputDataReceived += (_, line) => tail.Add(line.Data);
        process.ErrorDataReceived += (_, line) => tail.Add(line.Data);
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
        if (!process.WaitForExit(deadline))
            return Kill(process, program, subject);
        tail.WaitForEnd(OutputPatience);
        return process.ExitCode == 0
            ? KernelResult.Done
            : new KernelError(KernelFault.Failed, 0, program.Name, subject,
                $"exit status {process.ExitCode}: {tail}");
    }

    private KernelError Kill(Process process, SystemProgram program, string subject)
    {
        process.Kill(entireProcessTree: true);
        // One that hangs in the kernel cannot be killed, and is not waited for.
        process.WaitForExit(TimeSpan.FromSeconds(1));
        return new KernelError(KernelFault.TimedOut, 0, program.Name, subject,
            $"not done within {deadline.TotalSeconds:0} s");
    }

    /// <summary>The first and the last lines that a program wrote, from both of its outputs: some tell what is wrong
    /// and then how they are used, others only at the end.</summary>
    private sealed class OutputTail(int most) : IDisposable
    {
        private readonly CountdownEvent _open = new(2);
        private readonly List<string> _first = [];
        private readonly Queue<string> _last = new();
        private readonly Lock _lock = new();
        private bool _disposed;

        public void Add(string? line)
        {
            if (line is null)
                End();
            if (string.IsNullOrWhiteSpace(line))
                return;
            lock (_lock)
            {
                if (_first.Count < most)
                {
                    _first.Add(line.Trim());
                    return;
                }
                _last.Enqueue(line.Trim());
                if (_last.Count > most)
                    _last.Dequeue();
            }
        }

        public void WaitForEnd(TimeSpan patience) => _open.Wait(patience);

        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
                _open.Dispose();
            }
        }

        public override string ToString()
        {
            lock (_lock)
                return string.Join("; ", [.. _first, .. _last]);
        }

        /// <summary>A pipe's end may come after the wait for it was given up.</summary>
        private void End()
        {
            lock (_lock)
            {
                if (!_disposed && !_open.IsSet)
                    _open.Signal();
            }
        }
    }
}
