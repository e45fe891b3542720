/** The package that knows each system's own way, under a name: in CommonJS, Node takes a module's whole exports for its default. */
export { default as open } from 'open';
