using Akka.Configuration;
using DmAgents.Actors.Serialization;

namespace DmAgents.Actors;

/// <summary>The HOCON that this project's actors need in any actor system that runs them.</summary>
public static class ActorsConfig
{
    /// <summary>Threads that may block in kernel calls. Bounded: a kernel call that hangs occupies one of these and no
    /// other thread.</summary>
    public const string KernelDispatcher = "dmagents.kernel-dispatcher";

    /// <summary>Threads that write the projection's files.</summary>
    public const string FileDispatcher = "dmagents.file-dispatcher";

    /// <summary>Threads that delete old rows of the journal.</summary>
    public const string SweepDispatcher = "dmagents.sweep-dispatcher";

    public static Config Default { get; } = ConfigurationFactory.ParseString($$"""
        {{KernelDispatcher}} {
          type = Dispatcher
          executor = "{{typeof(BlockingThreads).AssemblyQualifiedName}}"
          throughput = 1
          thread-count = 8
        }
        {{FileDispatcher}} {
          type = Dispatcher
          executor = "{{typeof(BlockingThreads).AssemblyQualifiedName}}"
          throughput = 1
          thread-count = 1
        }
        {{SweepDispatcher}} {
          type = Dispatcher
          executor = "{{typeof(BlockingThreads).AssemblyQualifiedName}}"
          throughput = 1
          thread-count = 1
        }
        akka.scheduler.implementation = "{{typeof(RuntimeTimers).AssemblyQualifiedName}}"
        akka.actor {
          serializers {
            dmagents-journal = "{{typeof(JournalSerializer).AssemblyQualifiedName}}"
            dmagents-wire = "{{typeof(WireSerializer).AssemblyQualifiedName}}"
          }
          serialization-identifiers {
            "{{typeof(JournalSerializer).AssemblyQualifiedName}}" = {{JournalSerializer.Id}}
            "{{typeof(WireSerializer).AssemblyQualifiedName}}" = {{WireSerializer.Id}}
          }
          serialization-bindings {
            "DmAgents.Domain.Pools.PoolEvent, DmAgents.Domain" = dmagents-journal
            "DmAgents.Domain.Pools.PoolState, DmAgents.Domain" = dmagents-journal
            "DmAgents.Actors.Hosts.HostEvent, DmAgents.Actors" = dmagents-journal
            "DmAgents.Actors.Hosts.HostState, DmAgents.Actors" = dmagents-journal
            "DmAgents.Domain.Pools.PoolCommand, DmAgents.Domain" = dmagents-wire
            "DmAgents.Domain.Pools.PoolReply, DmAgents.Domain" = dmagents-wire
            "DmAgents.Actors.Serialization.IWireMessage, DmAgents.Actors" = dmagents-wire
          }
        }
        """);
}
