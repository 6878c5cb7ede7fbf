//! Whether the window is drawn by a graphics chip or by the processor.

use eframe::egui_wgpu::WgpuSetup;
use eframe::wgpu::DeviceType;

use crate::ui::Renderer;

/// Whether the processor draws, given what there is to draw with. It is looked for only where it matters.
pub fn is_software(renderer: Renderer, found: impl FnOnce() -> Vec<DeviceType>) -> bool {
    match renderer {
        Renderer::Graphics => false,
        Renderer::Software => true,
        Renderer::Auto => found().into_iter().all(|kind| kind == DeviceType::Cpu),
    }
}

/// What the system can draw with. A driver that only pretends to be a graphics chip says so.
pub fn found() -> Vec<DeviceType> {
    let WgpuSetup::CreateNew(setup) = WgpuSetup::without_display_handle() else { return Vec::new() };
    let backends = setup.instance_descriptor.backends;
    let instance = pollster::block_on(WgpuSetup::CreateNew(setup).new_instance());
    let adapters = pollster::block_on(instance.enumerate_adapters(backends));
    for adapter in &adapters {
        let about = adapter.get_info();
        tracing::debug!(name = about.name, kind = ?about.device_type, backend = %about.backend, "can draw");
    }
    adapters.iter().map(|adapter| adapter.get_info().device_type).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_draws_where_nothing_else_can() {
        let auto = |found: &[DeviceType]| is_software(Renderer::Auto, || found.to_vec());

        assert!(auto(&[]));
        assert!(auto(&[DeviceType::Cpu, DeviceType::Cpu]));
        assert!(!auto(&[DeviceType::Cpu, DeviceType::IntegratedGpu]));
        assert!(!auto(&[DeviceType::VirtualGpu]));
    }

    #[test]
    fn who_names_a_renderer_gets_it_and_nothing_is_looked_for() {
        let never = || unreachable!("looked for");

        assert!(is_software(Renderer::Software, never));
        assert!(!is_software(Renderer::Graphics, never));
    }
}
